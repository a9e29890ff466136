import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import postgres from 'postgres'
import { type DatabaseUrls, startEmbedded } from '@/lib/db/embedded'
import { migrateSystem } from '@/lib/db/migrate'
import { migrateQueue } from '@/lib/effects/queue/migrate'

export interface CrashablePostgres {
  urls: DatabaseUrls
  /** As `pg_ctl stop -m immediate`: no checkpoint, every connection cut. */
  crash(): Promise<void>
  /** The same server again, after its recovery. */
  restart(): Promise<void>
  remove(): Promise<void>
}

/** A durable server of its own, migrated, that a test may crash. */
export async function startCrashablePostgres(): Promise<CrashablePostgres> {
  const folder = await mkdtemp(path.join(tmpdir(), 'kontor-crash-'))
  await chmod(folder, 0o755)
  let server = await startEmbedded(folder)
  const owner = postgres(server.urls.owner, { max: 1, onnotice: () => {} })
  await migrateSystem(owner, 'kontor_app')
  await owner.end()
  await migrateQueue(server.urls.owner, 'kontor_app')
  return {
    urls: server.urls,
    crash: () => server.stop('immediate'),
    async restart() {
      server = await startEmbedded(folder)
    },
    async remove() {
      await server.stop()
      await rm(folder, { recursive: true, force: true })
      if (server.folder !== folder) await rm(server.folder, { recursive: true, force: true })
    },
  }
}
