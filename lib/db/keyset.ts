import { type SQL, sql } from 'drizzle-orm'

/*
 * Paging by the last row seen instead of by counting off rows: page 400,000 costs what page 1 costs. Nulls stand where
 * Postgres puts them by itself (last ascending, first descending), so that plain indexes serve both directions.
 */

/** One key of an order. The keys together must tell any two rows apart: the last ones are the primary key. */
export interface KeysetKey {
  /** Over the alias the rows are read by. */
  expression: SQL
  descending: boolean
  /** Whether it may be null. A wrong `false` loses rows; a wrong `true` only costs a longer statement. */
  isNullable: boolean
}

/** Where a page begins or ends: the keys' Postgres texts of one row, in order. */
export interface Cursor {
  values: (string | null)[]
  /** The row's place in the whole order, from 1, where the reader still knew it. */
  rank?: number
}

/** The same order from its other end: what "previous" and "last" read. */
export function reverseKeys(keys: readonly KeysetKey[]): KeysetKey[] {
  return keys.map((key) => ({ ...key, descending: !key.descending }))
}

/** What stands behind ORDER BY. */
export function orderBy(keys: readonly KeysetKey[]): SQL {
  return sql.join(
    keys.map(({ expression, descending }) => (descending ? sql`${expression} desc` : expression)),
    sql`, `,
  )
}

/**
 * Conditions for the rows that come after `values` in the order of `keys`: disjoint, the nearest rows first. Each is
 * one range of an index on the keys, so a reader takes a page of each and merges them; a single OR over all of them
 * would make Postgres read and drop everything before the cursor.
 */
export function rowsAfter(keys: readonly KeysetKey[], values: readonly (string | null)[]): SQL[] {
  return branches(keys, values, 0, [])
}

function branches(
  keys: readonly KeysetKey[],
  values: readonly (string | null)[],
  start: number,
  prefix: readonly SQL[],
): SQL[] {
  const key = keys[start]
  if (!key) return []
  const value = values[start] ?? null
  if (value === null) {
    // Among nulls the next key decides; behind them stand all values where nulls come first, and nothing otherwise.
    const among = branches(keys, values, start + 1, [...prefix, sql`${key.expression} is null`])
    return key.descending ? [...among, all([...prefix, sql`${key.expression} is not null`])] : among
  }
  const end = runEnd(keys, start)
  const run = keys.slice(start, end)
  const equal = run.map(({ expression }, at) => sql`${expression} = ${values[start + at]}`)
  const nearest = end < keys.length ? branches(keys, values, end, [...prefix, ...equal]) : []
  const beyond = all([...prefix, comparison(run, values.slice(start, end))])
  const nulls = key.isNullable && !key.descending ? [all([...prefix, sql`${key.expression} is null`])] : []
  return [...nearest, beyond, ...nulls]
}

/** Keys from `start` on that one row comparison can serve: one direction, and no nulls but in the first. */
function runEnd(keys: readonly KeysetKey[], start: number): number {
  let end = start + 1
  while (keys[end] && keys[end]?.descending === keys[start]?.descending && !keys[end]?.isNullable) end++
  return end
}

/** `(a, b) > (x, y)`: what a B-tree index on (a, b) answers with one descent. */
function comparison(run: readonly KeysetKey[], values: readonly (string | null)[]): SQL {
  const operator = run[0]?.descending ? sql`<` : sql`>`
  if (run.length === 1) return sql`${run[0]?.expression} ${operator} ${values[0]}`
  const left = sql.join(
    run.map(({ expression }) => expression),
    sql`, `,
  )
  const right = sql.join(
    values.map((value) => sql`${value}`),
    sql`, `,
  )
  return sql`(${left}) ${operator} (${right})`
}

const all = (conditions: readonly SQL[]): SQL => sql.join([...conditions], sql` and `)

/** @param signature of the order: a cursor of another order means nothing in this one */
export function encodeCursor({ values, rank }: Cursor, signature: string): string {
  return Buffer.from(JSON.stringify([signature, rank ?? 0, ...values])).toString('base64url')
}

/** The cursor, or undefined where the text is none, or belongs to another order. Its values may still be malformed. */
export function decodeCursor(text: string, signature: string, count: number): Cursor | undefined {
  if (text.length > 20_000 || !/^[\w-]+$/.test(text)) return undefined
  const parsed = readJson(Buffer.from(text, 'base64url').toString('utf8'))
  if (!Array.isArray(parsed) || parsed.length !== count + 2) return undefined
  const [given, rank, ...values] = parsed as unknown[]
  if (given !== signature || typeof rank !== 'number' || !Number.isSafeInteger(rank) || rank < 0) return undefined
  const isText = (value: unknown): value is string | null =>
    value === null || (typeof value === 'string' && !value.includes('\0'))
  return values.every(isText) ? { values, rank: rank || undefined } : undefined
}

function readJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
