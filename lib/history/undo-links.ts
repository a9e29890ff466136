import { type SQL, sql } from 'drizzle-orm'
import type { Executor } from '@/lib/db/client'
import { groupBy } from '@/lib/db/group-by'
import { type Change, changeColumns, type LoggedValue } from './change'
import { arrayOf } from './filters'
import { changesById, isId } from './record-history'
import { foldChanges, sameValue } from './undo-step'

/**
 * Of the given changes those that are undone now, each with the change that undid it: a later change of the same record that
 * names it in `kontor.undoes`, did the reverse, and has not itself been undone (a redo takes the undo back). Anybody may set
 * `kontor.undoes`, so that what it says counts only where the values bear it out: what a claim did not put back can still be
 * undone. Only where the role that asks made the claim itself, which no other client can feign, hooks and triggers may have
 * had the last word about a value.
 */
export async function undoneBy(db: Executor, changeIds: readonly string[]): Promise<Map<string, string>> {
  const links = new Map<string, string[]>()
  const looked = new Set<string>()
  let asked = changeIds.filter(isId)
  // An undo may be undone, and that again: as far as there are links.
  while (asked.length > 0) {
    for (const id of asked) looked.add(id)
    const fresh: string[] = []
    for (const { undone, by } of await reversalsOf(db, asked)) {
      fresh.push(by)
      for (const id of undone) links.set(id, [...(links.get(id) ?? []), by])
    }
    asked = [...new Set(fresh)].filter((id) => !looked.has(id))
  }
  const standing = (id: string): string | undefined => links.get(id)?.findLast((by) => standing(by) === undefined)
  return new Map(
    changeIds.flatMap((id) => {
      const by = standing(id)
      return by === undefined ? [] : [[id, by] as const]
    }),
  )
}

/**
 * Changes that undid some of the given ones, oldest first, with all that each undid. Looked for among what came later of each
 * record: overlapping with a long list is no use of an index to the planner, and compares each undo there ever was with each
 * of the list.
 */
async function reversalsOf(db: Executor, ids: readonly string[]): Promise<{ undone: string[]; by: string }[]> {
  const claims = await selectClaims(
    db,
    sql`select ${changeColumns('c')}, c.db_user = session_user as "isOwn" from (
      select k.at, k.id from (
        select o.relation, o.record_id, min(o.id) as first, array_agg(o.id) as ids from kontor.changes as o
        where o.id = any(${arrayOf(ids)}::bigint[]) and o.record_id is not null group by o.relation, o.record_id
      ) as u cross join lateral (
        select n.at, n.id from kontor.changes as n where n.relation = u.relation and left(n.record_id, 500) = left(u.record_id, 500)
          and n.record_id = u.record_id and n.id > u.first and n.undoes && u.ids offset 0
      ) as k
    ) as found join kontor.changes as c on c.at = found.at and c.id = found.id order by c.id`,
  )
  if (claims.length === 0) return []
  const named = await changesById(db, [...new Set(claims.flatMap(({ undoes }) => undoes))])
  const known = new Map(named.map((change) => [change.id, change]))
  // A row that moved between partitions, or was changed once more by the table's own triggers, has several with one claim.
  const acts = groupBy(claims, ({ tx, relation, recordId, undoes }) => JSON.stringify([tx, relation, recordId, undoes]))
  return [...acts.values()].flatMap((act) => {
    const [{ id, relation, recordId, undoes }] = act as [Claim]
    const claimed = undoes.flatMap((undone) => {
      const change = known.get(undone)
      const isEarlier = change && BigInt(change.id) < BigInt(id)
      return isEarlier && change.relation === relation && change.recordId === recordId ? [change] : []
    })
    return isReverse(claimed, act) ? [{ undone: claimed.map((change) => change.id), by: act.at(-1)!.id }] : []
  })
}

interface Claim extends Change {
  /** Whether the role that reads it made it. */
  isOwn: boolean
}

const selectClaims = async (db: Executor, query: SQL): Promise<Claim[]> => [
  ...(await db.execute<Claim & Record<string, unknown>>(query)),
]

/** Whether `act` put back what the changes together did to their record. */
function isReverse(changes: readonly Change[], act: readonly Claim[]): boolean {
  const [[done], [back]] = [foldChanges(changes), foldChanges(act)]
  if (!done || !back) return false
  if (done.kind === 'remove') return back.kind === 'restore'
  if (back.kind !== (done.kind === 'restore' ? 'remove' : 'set')) return false
  const isOwn = act.every((claim) => claim.isOwn)
  if (isOwn && done.kind === 'restore') return true
  const { target, expected } = done
  return Object.keys(target).every((column) => {
    const isMoved = done.kind === 'restore' || !sameValue(target[column], expected[column])
    if (!isMoved) return true
    // Kept out of the log, or gone from the table.
    if (!(column in back.expected)) return done.kind === 'restore' || back.unknown.includes(column)
    if (isOwn) return true
    const isStamp =
      isTimeOf(back, back.expected[column]) && (isTimeOf(done, expected[column]) || done.kind === 'restore')
    return sameValue(target[column], back.expected[column]) || isStamp
  })
}

const TIME = /^\d{4}-\d\d-\d\d[ T]\d\d:\d\d/
const HOUR_MS = 3_600_000

/** Whether a value is the time of the change that left it, as in a column that tells when a row was written last. */
function isTimeOf({ changes }: { changes: Change[] }, value: LoggedValue | undefined): boolean {
  if (typeof value !== 'string' || !TIME.test(value)) return false
  // Without a zone it may be told by any clock.
  const most = /[+-]\d\d(:\d\d)*$/.test(value.slice(16)) ? HOUR_MS : 15 * HOUR_MS
  return Math.abs(timeOf(value) - timeOf(changes.at(-1)!.at)) < most
}

/** Milliseconds of a timestamp as the log has it, in UTC. */
const timeOf = (text: string) => Date.parse(`${text.slice(0, 19).replace(' ', 'T')}Z`)
