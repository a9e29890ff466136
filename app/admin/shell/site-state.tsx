import { sql } from 'drizzle-orm'
import { keep } from '@/lib/db/kept'
import { workerStatus } from '@/lib/db/workers'
import { getRuntime, type Runtime } from '@/lib/runtime'
import styles from './site-state.module.css'

/** What the site stands on, in a line: the database's version, and whether a worker carries out what it asks for. */
export async function SiteState() {
  const { db } = await getRuntime()
  const { version, isWorking } = await siteState(db.orm)
  return (
    <p className={styles.state}>
      <span>Postgres {version}</span>
      <span className={styles.worker} data-missing={!isWorking}>
        {isWorking ? 'worker running' : 'no worker running'}
      </span>
    </p>
  )
}

const siteState = keep({
  ms: 5_000,
  load: async (orm: Runtime['db']['orm']) => {
    const [[row], workers] = await Promise.all([
      orm.execute<{ version: string }>(sql`select current_setting('server_version') as version`),
      workerStatus(orm),
    ])
    // '18.4 (Debian 18.4-1)'
    return { version: row?.version.split(' ')[0], isWorking: workers.alive.length > 0 }
  },
})
