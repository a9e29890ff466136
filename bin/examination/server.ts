import postgres from 'postgres'
import { type Check, type Finding, few, ok, problem, warning } from './finding'

/** Connections of one web process (ten of its pool, one that listens) and of one worker with its queues. */
const WEB_CONNECTIONS = 12
const WORKER_CONNECTIONS = 26

/** Settings under which what Kontor promises does not hold. */
export const checkServerSettings: Check = async ({ app }) => {
  const [row] = await app<
    { version: string; major: number; fsync: string; pages: string; most: number; used: number; reserved: number }[]
  >`
    select split_part(current_setting('server_version'), ' ', 1) as version,
      current_setting('server_version_num')::int / 10000 as major, current_setting('fsync') as fsync,
      current_setting('full_page_writes') as pages, current_setting('max_connections')::int as most,
      (select count(*)::int from pg_stat_activity where backend_type = 'client backend') as used,
      current_setting('superuser_reserved_connections')::int as reserved`
  const { version, fsync, pages, most, used, reserved } = row!
  const findings: Finding[] = [ok(`PostgreSQL ${version}`)]
  if (fsync === 'off' || pages === 'off') {
    findings.push(
      problem(
        `fsync is ${fsync} and full_page_writes ${pages}: a power cut can destroy the database, its log included.`,
        'Switch both on in postgresql.conf.',
      ),
    )
  }
  const needed = WEB_CONNECTIONS + WORKER_CONNECTIONS
  const free = most - reserved - used
  const room = `${used} of ${most} connections are in use; a web process takes up to ${WEB_CONNECTIONS}, a worker up to ${WORKER_CONNECTIONS}.`
  if (most - reserved < needed)
    findings.push(problem(room, `Raise max_connections to ${needed + reserved + 20} or more.`))
  else if (free < WEB_CONNECTIONS) findings.push(warning(room, 'Raise max_connections, or put a pooler in between.'))
  else findings.push(ok(room))
  return findings
}

/** Whether rings arrive, and whether somebody stands between us and the server. */
export const checkPooler: Check = async ({ appUrl, listenUrl }) => {
  const one = postgres(appUrl, { max: 1, connect_timeout: 10, onnotice: () => {} })
  const ear = postgres(listenUrl, { max: 1, connect_timeout: 10, onnotice: () => {} })
  const findings: Finding[] = []
  try {
    const backends = new Set<number>()
    for (let turn = 0; turn < 10; turn++) {
      const [row] = await one<{ pid: number }[]>`select pg_backend_pid() as pid`
      backends.add(row!.pid)
    }
    const isPooled = backends.size > 1
    const channel = `kontor_doctor_${process.pid}`
    const isHeard = await new Promise<boolean>((resolve) => {
      const timer = setTimeout(() => resolve(false), 3000)
      const ring = () => {
        clearTimeout(timer)
        resolve(true)
      }
      ear.listen(channel, ring).then(
        () => one.notify(channel, ''),
        () => resolve(false),
      )
    })
    if (!isHeard) {
      findings.push(
        problem(
          'LISTEN does not work at the address the feed listens at: changes are seen up to a second late.',
          'Give DATABASE_LISTEN_URL, an address past the pooler.',
        ),
      )
    } else findings.push(ok('NOTIFY reaches the feed'))
    if (isPooled)
      findings.push(ok('A pooler that shares sessions stands before the server; prepared statements work through it'))
  } catch (error) {
    findings.push(
      problem(
        `Statements fail one after the other on one connection: ${(error as Error).message}`,
        'A pooler in transaction mode must allow prepared statements (PgBouncer 1.21: max_prepared_statements above 0).',
      ),
    )
  } finally {
    await Promise.all([one.end({ timeout: 1 }), ear.end({ timeout: 1 })])
  }
  return findings
}

/** Transactions that hold up vacuum, and delay what they wrote themselves. */
export const checkOpenTransactions: Check = async ({ owner }) => {
  const open = await owner<{ who: string; minutes: number }[]>`
    select coalesce(nullif(application_name, ''), 'pid ' || pid) as who,
      floor(extract(epoch from clock_timestamp() - xact_start) / 60)::int as minutes
    from pg_stat_activity
    where xact_start < clock_timestamp() - interval '5 minutes' and backend_type = 'client backend' and pid <> pg_backend_pid()
    union all
    select 'prepared transaction ' || gid, floor(extract(epoch from clock_timestamp() - prepared) / 60)::int from pg_prepared_xacts
      where prepared < clock_timestamp() - interval '5 minutes'
    order by 2 desc`
  const [queue] = await owner<{ usage: number }[]>`select pg_notification_queue_usage() as usage`
  const findings: Finding[] =
    open.length === 0
      ? [ok('No transaction has been open for long')]
      : [
          warning(
            `Transactions have been open for ${open[0]!.minutes} minutes: ${few(open.map(({ who, minutes }) => `${who} (${minutes} min)`))}.`,
            'What they wrote is seen when they end, and vacuum waits for them: end them, or set idle_in_transaction_session_timeout.',
          ),
        ]
  if ((queue?.usage ?? 0) > 0.25) {
    findings.push(
      problem(
        `The queue of notifications is ${Math.round(queue!.usage * 100)} % full: a client that listens does not read.`,
        'Find it in pg_stat_activity (an open transaction after LISTEN) and end it.',
      ),
    )
  }
  return findings
}
