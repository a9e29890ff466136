import type { TestProject } from 'vitest/node'
import { startTemporary } from '@/lib/db/embedded'
import { prepareTemplate } from './template'

/**
 * One real Postgres for the run; each test file clones the migrated template from it. KONTOR_TEST_DATABASE_URL (a
 * superuser's address) runs the tests on another server, for instance an older PostgreSQL; 'none' starts none, for tests
 * that read files only.
 */
export default async function setup(project: TestProject) {
  const given = process.env.KONTOR_TEST_DATABASE_URL
  if (given) {
    if (given !== 'none') await prepareTemplate(given)
    project.provide('postgresUrl', given)
    return
  }
  const server = await startTemporary({ max_connections: '300', wal_level: 'minimal', max_wal_senders: '0' })
  try {
    await prepareTemplate(server.url)
  } catch (error) {
    await server.stop()
    throw error
  }
  project.provide('postgresUrl', server.url)
  return () => server.stop()
}
