import type postgres from 'postgres'
import { changeDigest, type DigestParts, digestParts, leavesDigest, readLeaves, sealDigest } from './digest'
import { type Erasures, readErasures } from './erasures'
import type { ExportedSeal } from './seals'

/** Something in the log that cannot have come about by its own rules. */
export interface Finding {
  kind: 'altered' | 'removed' | 'inserted' | 'misdated' | 'chain'
  /** The log row, where one is meant. */
  changeId?: string
  /** What was found, in a sentence. */
  message: string
}

export interface Verification {
  findings: Finding[]
  seals: number
  /** Rows that are sealed and as they were sealed. */
  intact: number
  /** Rows whose values were taken out by a recorded erasure. */
  erased: number
  /** Rows not sealed yet, about which nothing can be said. */
  unsealed: number
  /** The first seals made after the log had come from another cluster. */
  moves: { seal: string; at: string }[]
}

interface SealRow {
  seq: string
  at: string
  at_us: string
  fields: string
  month: string
  complete: boolean
  xmax: string
  xip: string[]
  /** The cluster; null where it was not kept yet. */
  system: string | null
  /** Set once the log has come from another cluster. */
  floor: string | null
  leaves: Buffer | null
  leaves_digest: Buffer
  digest: Buffer
}

interface LoggedRow extends DigestParts {
  id: string
  at_us: string
  tx: string
}

/** Clocks may be set back a little; a row dated further outside its seal was dated by hand. */
const CLOCK_TOLERANCE_US = 300_000_000n

/**
 * Proves that no sealed row was changed, removed or added since: recomputes every digest from the rows as they are now,
 * by itself rather than by functions in the database, and follows the chain of seals. Reads the whole log once.
 * @param against a seal exported earlier: shows that the chain's end was not cut off and rewritten
 */
export async function verifyHistory(db: postgres.ISql, against?: ExportedSeal): Promise<Verification> {
  const report: Verification = { findings: [], seals: 0, intact: 0, erased: 0, unsealed: 0, moves: [] }
  const erasures = await readErasures(db)
  let previous: SealRow | null = null
  let complete: SealRow | null = null
  const sealed: bigint[] = []
  for (let seq = '0'; ; ) {
    const seal: SealRow | undefined = await nextSeal(db, seq)
    if (!seal) break
    await checkChain(db, previous, seal, report)
    if (isMoved(previous, seal)) report.moves.push({ seal: seal.seq, at: seal.at })
    if (seal.leaves) {
      const leaves = readLeaves(seal.leaves)
      for (const id of leaves.keys()) sealed.push(BigInt(id))
      await checkRows(db, seal, complete, leaves, erasures, report)
    }
    report.seals++
    seq = seal.seq
    previous = seal
    if (seal.complete) complete = seal
  }
  await findInserted(db, sealed, report)
  if (against) await compareExported(db, against, report)
  return report
}

async function nextSeal(db: postgres.ISql, after: string): Promise<SealRow | undefined> {
  const [seal] = await db<SealRow[]>`
    select seq::text as seq, at::text as at, (extract(epoch from at) * 1000000)::bigint::text as at_us, month::text as month, complete,
      concat_ws(' ', seq, snapshot, complete, through_tx, through_id, month, count,
        case when floor is not null then concat_ws(' ', system, floor, newest) end) as fields,
      pg_snapshot_xmax(snapshot)::text as xmax, array(select pg_snapshot_xip(snapshot)::text) as xip,
      system, floor::text as floor, leaves, leaves_digest, digest
    from kontor.seals as s where s.seq > ${after} order by s.seq limit 1`
  return seal
}

/** Whether a seal is of another cluster than one before it: the numbers of their transactions cannot be compared. */
const isMoved = (before: SealRow | null, { system, floor }: SealRow): boolean =>
  before !== null && floor !== null && before.system !== system

async function checkChain(
  db: postgres.ISql,
  previous: SealRow | null,
  seal: SealRow,
  report: Verification,
): Promise<void> {
  const broken = (what: string) => report.findings.push({ kind: 'chain', message: `Seal ${seal.seq} ${what}.` })
  if (!previous && seal.seq !== '1') {
    const [anchor] = await db`select from kontor.upkeep where kind = 'retention'
      and details -> 'anchor' ->> 'seq' = ${seal.seq} and details -> 'anchor' ->> 'digest' = ${seal.digest.toString('hex')}`
    if (!anchor) broken('is the first one left, and no retention says so: the seals before it were removed')
    return
  }
  if (previous && BigInt(seal.seq) !== BigInt(previous.seq) + 1n)
    broken(`follows ${previous.seq}: those between were removed`)
  if (seal.leaves && !leavesDigest(seal.leaves).equals(seal.leaves_digest))
    broken('lists other rows than it was made of')
  if (!sealDigest(previous?.digest ?? null, seal.leaves_digest, seal.fields).equals(seal.digest)) {
    broken('does not follow from the one before it: it was rewritten')
  }
}

async function checkRows(
  db: postgres.ISql,
  seal: SealRow,
  before: SealRow | null,
  leaves: Map<string, Buffer>,
  erasures: Erasures,
  report: Verification,
): Promise<void> {
  // A hundred at a time: each may hold a megabyte for every column.
  const batches = db
    .unsafe<LoggedRow[]>(
      `select c.id::text as id, (extract(epoch from c.at) * 1000000)::bigint::text as at_us, c.tx::text as tx, ${digestParts('c')}
     from kontor.changes as c where c.id = any($1::bigint[])`,
      [[...leaves.keys()]],
    )
    .cursor(100)
  const missing = new Set(leaves.keys())
  for await (const rows of batches) for (const row of rows) checkRow(row)
  for (const id of missing) {
    report.findings.push({
      kind: 'removed',
      changeId: id,
      message: `Change ${id}, sealed in seal ${seal.seq}, is gone.`,
    })
  }

  function checkRow(row: LoggedRow): void {
    const wanted = leaves.get(row.id)!
    if (!missing.delete(row.id)) return // a second row of one id: findInserted tells
    const found = changeDigest(row)
    if (found.equals(wanted)) report.intact++
    else if (erasures.lead(row.id, wanted, found)) report.erased++
    else
      report.findings.push({
        kind: 'altered',
        changeId: row.id,
        message: `Change ${row.id} is not as it was sealed in seal ${seal.seq}.`,
      })
    const isLate = BigInt(row.at_us) > BigInt(seal.at_us) + CLOCK_TOLERANCE_US
    const isEarly =
      before !== null &&
      (isMoved(before, seal) ? !before.xip.includes(row.tx) : BigInt(row.tx) >= BigInt(before.xmax)) &&
      BigInt(row.at_us) < BigInt(before.at_us) - CLOCK_TOLERANCE_US
    if (isLate || isEarly) {
      const message = `Change ${row.id} bears a time at which its transaction ${isLate ? 'was long over' : 'had not begun'}: it was written by hand.`
      report.findings.push({ kind: 'misdated', changeId: row.id, message })
    }
  }
}

/** Rows that the newest complete seal saw, or claims to have seen, and that no seal lists. */
async function findInserted(db: postgres.ISql, sealed: bigint[], report: Verification): Promise<void> {
  const ids = BigInt64Array.from(sealed).sort()
  let at = 0
  let cursor = '-1'
  const last = await lastComplete(db)
  // Where that was made elsewhere, what was written here since has a higher id than anything it saw.
  const most = last.isElsewhere ? (last.newest ?? `${ids.at(-1) ?? 0}`) : null
  for (;;) {
    const rows = await db<{ id: string; seen: boolean }[]>`
      select c.id::text as id, (c.id <= ${last.floor} or pg_visible_in_snapshot(c.tx, ${last.snapshot}))
        and (${most}::bigint is null or c.id <= ${most}) as seen
      from kontor.changes as c where c.id > ${cursor} order by c.id limit 50000`
    for (const { id, seen } of rows) {
      while (at < ids.length && ids[at]! < BigInt(id)) at++
      if (ids[at] === BigInt(id)) at++
      else if (seen)
        report.findings.push({
          kind: 'inserted',
          changeId: id,
          message: `Change ${id} was put into the log after its time was sealed.`,
        })
      else report.unsealed++
    }
    const end = rows.at(-1)?.id
    if (end === undefined) return
    cursor = end
  }
}

interface LastComplete {
  snapshot: string
  floor: string
  newest: string | null
  isElsewhere: boolean
}

/** What the newest complete seal saw. One without identifier was made elsewhere if its numbers have not come yet here. */
async function lastComplete(db: postgres.ISql): Promise<LastComplete> {
  const [last] = await db<LastComplete[]>`
    select s.snapshot::text as snapshot, coalesce(s.floor, 0)::text as floor, s.newest::text as newest,
      case when s.system is null then pg_snapshot_xmax(s.snapshot) > pg_snapshot_xmax(pg_current_snapshot())
        else s.system <> (select system_identifier::text from pg_control_system()) end as "isElsewhere"
    from kontor.seals as s where s.complete order by s.seq desc limit 1`
  return last ?? { snapshot: '1:1:', floor: '0', newest: null, isElsewhere: false }
}

async function compareExported(db: postgres.ISql, { seq, digest }: ExportedSeal, report: Verification): Promise<void> {
  const [seal] = await db<
    { digest: string }[]
  >`select encode(digest, 'hex') as digest from kontor.seals where seq = ${seq}`
  const [first] = await db<{ seq: string | null }[]>`select min(seq)::text as seq from kontor.seals`
  if (first?.seq && Number(first.seq) > seq) return // went by retention
  if (seal?.digest === digest) return
  const what = seal
    ? 'has another digest than the one exported'
    : 'was exported and is gone: the end of the chain was cut off'
  report.findings.push({ kind: 'chain', message: `Seal ${seq} ${what}.` })
}
