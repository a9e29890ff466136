import type postgres from 'postgres'
import type { FeedChange, LoggedJson, ManyChanged } from './change'
import { type Cursor, formatSnapshot, isBehind, largerId, parseSnapshot } from './cursor'

/** More changes than this between two cursors are told as "many changed", relation by relation. */
export const READ_LIMIT = 2_000
/** Relations with at most this many are still told one by one then. */
const FEW = 200
/** The same for bytes: no batch holds more of before and after. */
const BYTES_LIMIT = 16 * 1_048_576

/** What lies between two cursors. */
export interface Reading {
  next: Cursor
  /** In the order of ids: for each record, the order of its changes. */
  changes: FeedChange[]
  /** Relations told as a number only. Empty: `changes` is everything. */
  many: ManyChanged[]
  /** What lies between cannot be told: the server's history is another one than the cursor's. */
  isGap: boolean
}

/** What a reader wants to be told one by one. */
export interface Interest {
  /** Every change of these relations; of the others at most FEW_SEEN between two readings, else their number. Undefined: every change. */
  each: readonly string[] | undefined
}

/** A relation of which more changed between two readings is told as a number to those who did not ask for each. */
const FEW_SEEN = 50

/**
 * The cursor of this moment: everything committed until now counts as read. What came along from another cluster the newest
 * seal tells, once one was made here, and until then the log itself: an id that is there says nothing of lower ones, whose
 * transactions may still be open although their numbers are higher than any that is over.
 */
export async function presentCursor(sql: postgres.ISql): Promise<Cursor> {
  const [row] = await sql<{ snapshot: string; system: string; id: string; floor: string }[]>`
    select coalesce(log.snapshot, pg_current_snapshot())::text as snapshot, here.system,
      coalesce((select max(id) from kontor.changes), 0)::text as id, coalesce(log.below, last.floor, 0)::text as floor
    from (select system_identifier::text as system from pg_control_system()) as here
    left join (select s.system, s.floor from kontor.seals as s order by s.seq desc limit 1) as last on last.system = here.system
    left join lateral kontor.brought_along() as log on last.system is null`
  const { system, id, floor, snapshot } = row!
  return { system, floor, id, snapshot: parseSnapshot(snapshot) }
}

export interface ReadOptions extends Partial<Interest> {
  /** Where to stop. Default: now. */
  to?: Cursor
  /**
   * A name of the caller's own, who reads on from his last reading: in a session he has read in before the server is taken for
   * the one it was. A cursor that was kept elsewhere meanwhile is read without it.
   */
  reader?: string
}

/**
 * Everything committed since `from`, up to `to` or now: one statement (kontor.read_changes, kontor.read_on), whose own snapshot is where the next
 * reading starts. Memory stays flat whatever was committed: above READ_LIMIT rows or 16 MiB it is coalesced.
 */
export async function readSince(
  sql: postgres.ISql,
  from: Cursor,
  { to, each, reader }: ReadOptions = {},
): Promise<Reading> {
  const { xmax, xip } = from.snapshot
  const since = sql`${xmax}, ${xip}::xid8[], ${from.floor}, ${from.id}`
  const limits = sql`${READ_LIMIT}, ${BYTES_LIMIT}, ${each ? [...each] : null}::text[], ${FEW_SEEN}`
  const upTo = to ? formatSnapshot(to.snapshot) : null
  const [read] = await sql<ReadRow[]>`
    select snapshot, system, unread_rows as "unreadRows", last_id as "lastId", changes, many
    from ${reader && !to ? sql`kontor.read_on(${reader}, ${since}, ${limits})` : sql`kontor.read_changes(${since}, ${upTo}, ${limits})`}`
  const { snapshot, system, unreadRows, lastId, changes, many } = read!
  const present = parseSnapshot(snapshot)
  if (system !== null && system !== from.system) return resynchronise(sql, from)
  if (!isBehind(from.snapshot, present) && (await wasSetBack(sql, from))) {
    return { next: await presentCursor(sql), changes: [], many: [], isGap: true }
  }
  const next = { ...from, snapshot: to?.snapshot ?? present }
  if (unreadRows > 0 && !changes && !many) return { ...(await coalesce(sql, from, next)), isGap: false }
  return {
    next: { ...next, id: largerId(from.id, lastId ?? '0') },
    changes: (changes ?? []).map(fromParts),
    many: many ?? [],
    isGap: false,
  }
}

interface ReadRow {
  snapshot: string
  /** NULL: the one it was. */
  system: string | null
  unreadRows: number
  lastId: string | null
  changes: Parts[] | null
  many: ManyChanged[] | null
}

/** A change as kontor.read_changes spells it: a list is a third of the text that an object would be. */
type Parts = [
  id: string,
  at: string,
  tx: string,
  relation: string,
  recordId: string | null,
  op: FeedChange['op'],
  before: LoggedJson | null,
  after: LoggedJson | null,
  changed: string[] | null,
  actor: string,
  dbUser: string,
  source: string,
  requestId: string | null,
  reason: string | null,
]

const fromParts = ([id, at, tx, relation, recordId, op, before, after, changed, ...who]: Parts): FeedChange => {
  const [actor, dbUser, source, requestId, reason] = who
  return {
    id,
    at,
    tx,
    relation,
    recordId,
    op,
    before,
    after,
    changed: changed ?? [],
    actor,
    dbUser,
    source,
    requestId,
    reason,
  }
}

const columns = (sql: postgres.ISql) => sql`c.id::text as id, c.at::text as at, c.tx::text as tx, c.relation,
  c.record_id as "recordId", c.op, coalesce(c.changed, '{}') as changed, c.actor, c.db_user as "dbUser", c.source,
  c.request_id as "requestId", c.reason`

/** Bytes of a row's values: what is stored small is small, what is stored large may be compressed. */
const bytes = (sql: postgres.ISql) => sql`(
  case when coalesce(pg_column_size(c.before), 0) < 2000 then coalesce(pg_column_size(c.before), 0) else octet_length(c.before::text) end
  + case when coalesce(pg_column_size(c.after), 0) < 2000 then coalesce(pg_column_size(c.after), 0) else octet_length(c.after::text) end)`

/** What lies between two cursors. `to` is never behind `from`. */
function within(sql: postgres.ISql, from: Cursor, to: Cursor) {
  const { xmax, xip } = from.snapshot
  // After a dump and restore transaction ids begin anew: unread is what has a higher id than anything read, and the old
  // rows that the old snapshot did not show.
  if (from.system !== to.system) {
    return sql`(c.id > ${from.id} or (c.id > ${from.floor} and (c.tx >= ${xmax}::xid8 or c.tx = any(${xip}::xid8[]))))
      and c.id <= ${to.id}`
  }
  return sql`((c.tx >= ${xmax}::xid8 and c.tx < ${to.snapshot.xmax}::xid8) or c.tx = any(${xip}::xid8[])) and c.id > ${from.floor}
    and pg_visible_in_snapshot(c.tx, ${formatSnapshot(to.snapshot)}::pg_snapshot)`
}

/** Too much to tell one by one: relations of which little changed are, the others are counted. */
async function coalesce(sql: postgres.ISql, from: Cursor, to: Cursor): Promise<Omit<Reading, 'isGap'>> {
  const found = await sql<{ relation: string; count: number; bytes: number; id: string }[]>`
    select c.relation, count(*)::float8 as count, sum(${bytes(sql)})::float8 as bytes, max(c.id)::text as id
    from kontor.changes as c where ${within(sql, from, to)} group by c.relation order by c.relation`
  const isFew = (one: { count: number; bytes: number }) => one.count <= FEW && one.bytes <= BYTES_LIMIT / 16
  const few = found.filter(isFew).slice(0, READ_LIMIT / FEW)
  const changes =
    few.length === 0
      ? []
      : await sql<FeedChange[]>`
          select ${columns(sql)}, c.before, c.after from kontor.changes as c
          where ${within(sql, from, to)} and c.relation = any(${few.map(({ relation }) => relation)}) order by c.id`
  return {
    next: { ...to, id: found.reduce((max, { id }) => largerId(max, id), to.id) },
    changes,
    many: found.filter((one) => !few.includes(one)).map(({ relation, count }) => ({ relation, count })),
  }
}

export interface Page {
  changes: FeedChange[]
  /** Give it back as `after` for the next page; undefined after the last one. */
  after: string | undefined
}

/**
 * Everything between two cursors of one cluster in the order of ids, page by page, for readers that must see each change
 * however many there are.
 * @param after the last page's `after`; undefined for the first
 */
export async function readPage(sql: postgres.ISql, from: Cursor, to: Cursor, after: string | undefined): Promise<Page> {
  const start = after ?? (await beforeFirst(sql, from, to))
  if (start === undefined) return { changes: [], after: undefined }
  const size = 500
  const rows = await sql<FeedChange[]>`
    select ${columns(sql)}, c.before, c.after from (
      select c.*,
        sum(${bytes(sql)}) over (order by c.id) > ${BYTES_LIMIT} and row_number() over (order by c.id) > 1 as "isHeavy"
      from (
        select c.* from kontor.changes as c where c.id > ${start} and ${within(sql, from, to)} order by c.id limit ${size}
      ) as c
    ) as c where not c."isHeavy" order by c.id`
  return { changes: rows, after: rows.length === 0 ? undefined : rows.at(-1)!.id }
}

/** One below the lowest id between the cursors, so that pages need not look for it from the log's beginning. */
async function beforeFirst(sql: postgres.ISql, from: Cursor, to: Cursor): Promise<string | undefined> {
  const [row] = await sql<{ id: string | null }[]>`
    select (min(c.id) - 1)::text as id from kontor.changes as c where ${within(sql, from, to)}`
  return row?.id ?? undefined
}

/** After a dump and restore. From here on rows that came with the restore count as read. */
async function resynchronise(sql: postgres.ISql, from: Cursor): Promise<Reading> {
  const present = await presentCursor(sql)
  if (BigInt(present.id) < BigInt(from.id)) return { next: present, changes: [], many: [], isGap: true }
  return { ...(await coalesce(sql, from, present)), isGap: false }
}

/** Whether the server stands at an earlier moment than the cursor: restored to it, or a replica that lagged took over. */
async function wasSetBack(sql: postgres.ISql, from: Cursor): Promise<boolean> {
  return BigInt((await presentCursor(sql)).id) < BigInt(from.id)
}

/**
 * The position of now, for a reader that goes on from `from` by `readPage`; whether what lies between can still be told.
 */
export async function targetAfter(sql: postgres.ISql, from: Cursor): Promise<{ to: Cursor; isGap: boolean }> {
  const present = await presentCursor(sql)
  const isGap = BigInt(present.id) < BigInt(from.id) || !(await isWithinRetention(sql, from))
  const to = present.system === from.system && !isGap ? { ...present, floor: from.floor } : present
  return { to, isGap }
}

/** Whether everything since `cursor` is still in the log: months that retention took away can no longer be told. */
export async function isWithinRetention(sql: postgres.ISql, cursor: Cursor): Promise<boolean> {
  const [row] = await sql<{ lost: boolean }[]>`
    select exists (select from kontor.upkeep where kind = 'retention')
      and coalesce((select min(id) from kontor.changes) > ${cursor.id}::bigint + 1, true) as lost`
  return row?.lost === false
}
