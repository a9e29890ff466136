import { sql } from 'drizzle-orm'
import { workerStatus } from '@/lib/db/workers'
import { getRuntime } from '@/lib/runtime'
import styles from './site-state.module.css'

/** What the site stands on, in a line: the database's version, and whether a worker carries out what it asks for. */
export async function SiteState() {
  const { db } = await getRuntime()
  const [version, workers] = await Promise.all([postgresVersion(), workerStatus(db.orm)])
  const isWorking = workers.alive.length > 0
  return (
    <p className={styles.state}>
      <span>Postgres {version}</span>
      <span className={styles.worker} data-missing={!isWorking}>
        {isWorking ? 'worker running' : 'no worker running'}
      </span>
    </p>
  )
}

let knownVersion: Promise<string> | undefined

/** '18.4'. Asked once a process; a server that is upgraded drops our connections and is asked again by the next one. */
async function postgresVersion(): Promise<string> {
  knownVersion ??= getRuntime().then(async ({ db }) => {
    const [row] = await db.orm.execute<{ version: string }>(sql`select current_setting('server_version') as version`)
    return row?.version.split(' ')[0] ?? ''
  })
  return knownVersion.catch((error: unknown) => {
    knownVersion = undefined
    throw error
  })
}
