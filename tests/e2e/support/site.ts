import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { ensureBuilt } from '@/bin/supervisor/build'
import { fillDatabase } from '@/bin/supervisor/database'
import { localAddress } from '@/bin/supervisor/port'
import { startWeb, startWorker } from '@/bin/supervisor/processes'
import { Shutdown } from '@/bin/supervisor/shutdown'
import { type DatabaseUrls, startEmbedded } from '@/lib/db/embedded'
import { freePort } from '@/lib/db/embedded-port'

export interface Site {
  baseURL: string
  urls: DatabaseUrls
  stop(): Promise<void>
}

export const HOST = '127.0.0.1'

/** What seals the sessions of the browser tests. */
export const SESSION_SECRET = 'only the browser tests know this one'

/** What programs that call /api/effects share with the site. */
export const EFFECTS_SECRET = 'shared with the callers of the browser tests'

/** The built product with its worker over a PostgreSQL of its own with the demo in it, as `npm start` runs it. */
export async function startSite(): Promise<Site> {
  const shutdown = new Shutdown()
  try {
    await ensureBuilt()
    const folder = await mkdtemp(path.join(tmpdir(), 'kontor-e2e-'))
    await chmod(folder, 0o755)
    shutdown.add({ name: 'folder', stop: () => rm(folder, { recursive: true, force: true }) })
    const database = await startEmbedded(folder, { isTemporary: true })
    shutdown.add({ name: 'PostgreSQL', stop: () => database.stop('immediate') })
    if (database.folder !== folder) {
      shutdown.add({ name: 'data', stop: () => rm(database.folder, { recursive: true, force: true }) })
    }
    await fillDatabase(database.urls)
    const port = await freePort()
    const baseURL = localAddress(HOST, port)
    const env = siteEnv(database.urls, baseURL, folder)
    await startWorker({ isDev: false, env: { ...env, DATABASE_OWNER_URL: database.urls.owner } }, shutdown, () => {})
    await startWeb({ isDev: false, host: HOST, port, env }, shutdown)
    return { baseURL, urls: database.urls, stop: () => shutdown.stopAll() }
  } catch (error) {
    await shutdown.stopAll()
    throw error
  }
}

/** The environment of the site's processes. */
export function siteEnv(urls: DatabaseUrls, baseURL: string, folder: string): NodeJS.ProcessEnv {
  return {
    ...process.env,
    NODE_ENV: 'production',
    DATABASE_URL: urls.app,
    DATABASE_OWNER_URL: '',
    DATABASE_LISTEN_URL: '',
    REDIS_URL: '',
    NEXTAUTH_URL: baseURL,
    NEXTAUTH_SECRET: SESSION_SECRET,
    KONTOR_EFFECTS_SECRET: EFFECTS_SECRET,
    SMTP_URL: '',
    S3_BUCKET: '',
    ORDER_WEBHOOK_URL: '',
    KONTOR_DATA_DIR: folder,
  }
}
