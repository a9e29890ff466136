/**
 * Where a reader is in the log. Sequence numbers are not commit order, so what was read is told by a snapshot: every row
 * whose transaction was visible in it. Reading on means the rows of transactions that were open in it or began later.
 */
export interface Cursor {
  /** The cluster's system_identifier: transaction ids mean something in it alone. */
  system: string
  /** Rows up to this id came by a restore, those that were open then too: their transaction ids say nothing. */
  floor: string
  /** The highest id read, or known of. After a dump and restore, reading goes on behind it. */
  id: string
  snapshot: Snapshot
}

/** A pg_snapshot: transactions below `xmin` are over, those from `xmax` on had not begun, those in `xip` were open. */
export interface Snapshot {
  xmin: string
  xmax: string
  xip: string[]
}

const CURSOR = /^(\d{1,20})\.(\d{1,19})\.(\d{1,19})\.(\d{1,20}:\d{1,20}:(?:\d{1,20}(?:,\d{1,20})*)?)$/

/** The cursor as one line of plain text: fit for an event id, a database column, a query string. */
export const formatCursor = ({ system, floor, id, snapshot }: Cursor): string =>
  `${system}.${floor}.${id}.${formatSnapshot(snapshot)}`

/** @returns undefined for anything that `formatCursor` did not write */
export function parseCursor(text: string): Cursor | undefined {
  const [, system, floor, id, snapshot] = CURSOR.exec(text) ?? []
  if (!system || !floor || !id || !snapshot) return undefined
  const parsed = parseSnapshot(snapshot)
  const isSane = BigInt(parsed.xmin) <= BigInt(parsed.xmax) && BigInt(id) < 2n ** 63n && BigInt(floor) < 2n ** 63n
  return isSane && BigInt(parsed.xmax) < 2n ** 64n ? { system, floor, id, snapshot: parsed } : undefined
}

export const formatSnapshot = ({ xmin, xmax, xip }: Snapshot): string => `${xmin}:${xmax}:${xip.join(',')}`

export function parseSnapshot(text: string): Snapshot {
  const [xmin = '0', xmax = '0', xip = ''] = text.split(':')
  return { xmin, xmax, xip: xip === '' ? [] : xip.split(',') }
}

/** Whether some transactions were open in it: their rows are still to come, and perhaps unannounced. */
export const hasOpenWriters = ({ xip }: Snapshot): boolean => xip.length > 0

/** Whether whatever `earlier` shows, `later` shows too. */
export function isBehind(earlier: Snapshot, later: Snapshot): boolean {
  return BigInt(earlier.xmax) <= BigInt(later.xmax) && BigInt(earlier.xmin) <= BigInt(later.xmin)
}

export const largerId = (a: string, b: string): string => (BigInt(a) > BigInt(b) ? a : b)

/** Whether a transaction was over when the snapshot was taken. */
export const isVisibleIn = (tx: string, { xmax, xip }: Snapshot): boolean => isLess(tx, xmax) && !xip.includes(tx)

/** Compares as numbers what has no leading zeros. Asked for each change: making a BigInt of each took as long as parsing it. */
const isLess = (a: string, b: string): boolean => (a.length === b.length ? a < b : a.length < b.length)
