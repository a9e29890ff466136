import { connect } from '@/lib/db/client'
import { workerStatus } from '@/lib/db/workers'
import { parseCursor } from '@/lib/watch/cursor'
import { type Check, type Finding, ok, problem, warning } from './finding'

/** More changes than this behind, and a named subscription is said to lag. */
const LAG = 10_000

/** Whether anybody carries out effects and tasks. */
export const checkWorker: Check = async ({ appUrl, isEmbedded }) => {
  const db = connect(appUrl, { max: 1, applicationName: 'kontor doctor' })
  try {
    const { alive, silentForSeconds } = await workerStatus(db.orm)
    if (alive.length > 0) return [ok(`${alive.length === 1 ? 'A worker is' : `${alive.length} workers are`} at work`)]
    const since = silentForSeconds === null ? '' : ` for ${silentForSeconds} seconds`
    const what = `No worker has been heard of${since}: effects and tasks wait, the log is not sealed.`
    // The embedded database may run for this command alone.
    return [isEmbedded ? warning(what, 'Run "npm start".') : problem(what, 'Run "npm run worker" somewhere.')]
  } finally {
    await db.close()
  }
}

/** Named subscriptions that nobody carries, or that fall behind. */
export const checkSubscriptions: Check = async ({ app }) => {
  const [newest] = await app<{ id: string }[]>`select coalesce(max(id), 0)::text as id from kontor.changes`
  const rows = await app<{ name: string; cursor: string; isHeld: boolean }[]>`
    select name, cursor, coalesce(held_until > now(), false) as "isHeld" from kontor.subscriptions order by name`
  const findings = rows.flatMap(({ name, cursor, isHeld }): Finding[] => {
    const behind = BigInt(newest!.id) - BigInt(parseCursor(cursor)?.id ?? 0)
    if (behind < LAG) return []
    const what = `The subscription ${name} is about ${behind} changes behind${isHeld ? '' : ', and no process carries it'}.`
    return [
      warning(
        what,
        isHeld ? 'Its handler is slow.' : 'Start what subscribes; or delete its row in kontor.subscriptions.',
      ),
    ]
  })
  return findings.length > 0 ? findings : [ok(`${rows.length} named subscriptions, none behind`)]
}
