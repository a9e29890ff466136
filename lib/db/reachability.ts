import postgres from 'postgres'
import { AdminError } from '@/lib/errors'
import { isConnectionLost, postgresErrorOf } from './postgres-errors'

/** How long an answer may take before it is asked whether there will be one, and how long that may take. */
const PATIENCE_MS = 1_500

/** What a full server says: it is there. */
const TOO_MANY_CONNECTIONS = '53300'

/** Asks a server for a sign of life. The connection is made when first asked, and goes after a few seconds. */
export function reachability(url: string): { ask(): Promise<boolean>; close(): Promise<void> } {
  let asking: Promise<boolean> | undefined
  let sql: postgres.Sql | undefined

  const ask = async () => {
    sql ??= postgres(url, {
      max: 1,
      idle_timeout: 5,
      fetch_types: false,
      backoff: () => 0,
      onnotice: () => {},
      connection: { application_name: 'kontor probe' },
    })
    const asked = sql
    const answer = asked`select 1`.then(
      () => true,
      (error) => postgresErrorOf(error)?.code === TOO_MANY_CONNECTIONS || !isConnectionLost(error),
    )
    let timer: NodeJS.Timeout | undefined
    const silence = new Promise<false>((resolve) => {
      timer = setTimeout(resolve, PATIENCE_MS, false)
    })
    const isThere = await Promise.race([answer, silence]).finally(() => clearTimeout(timer))
    // A connection that is silent now would be silent about a server that is back.
    if (!isThere) {
      sql = undefined
      await asked.end({ timeout: 0 }).catch(() => {})
    }
    return isThere
  }

  return {
    ask() {
      asking ??= ask().finally(() => {
        asking = undefined
      })
      return asking
    },
    close: async () => sql?.end({ timeout: 0 }),
  }
}

/**
 * What `work` gives, for as long as the database is there: what takes long is waited for, what will never come is not.
 * A connection to a server that hangs, or behind a cable that was pulled, says nothing by itself for minutes.
 * @throws AdminError `unavailable` within 3 s of the database going silent
 */
export async function whileReachable<T>(db: { isReachable(): Promise<boolean> }, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const isOver = work.then(
    () => true,
    () => true,
  )
  const pause = () =>
    new Promise<false>((resolve) => {
      timer = setTimeout(resolve, PATIENCE_MS, false)
    })
  while (!(await Promise.race([isOver, pause()]).finally(() => clearTimeout(timer)))) {
    const isGone = db.isReachable().then((isThere) => !isThere)
    if (await Promise.race([isOver.then(() => false), isGone])) throw databaseAway()
  }
  return work
}

/** What is said where the database cannot be reached. */
export const databaseAway = () =>
  new AdminError('unavailable', 'The database cannot be reached just now. Try again in a moment.')
