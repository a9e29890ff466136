import type postgres from 'postgres'
import { invalid } from '@/lib/errors'
import { EFFECT_STATES, type EffectState } from '../effect'
import { conditionOf, type EffectFilter, type Fragment, timeCondition } from './filter'

/** An effect as a list shows it; times are Postgres texts in UTC. */
export interface EffectRow {
  id: string
  kind: string
  state: EffectState
  /** The payload's text, cut at 200 characters. */
  payload: string
  createdAt: string
  createdBy: string
  runAt: string
  startedAt: string | null
  completedAt: string | null
  attempts: number
  maxAttempts: number | null
  lastError: string | null
}

export interface EffectPage {
  rows: EffectRow[]
  /** Cursor of the older page, where there is one. */
  after?: string
  /** Cursor of the newer page, where there is one. */
  before?: string
  /**
   * A search in payloads reads a bounded number of rows at a time: this is how far back it got when the page is not full.
   * `after` goes on from there.
   */
  searchedTo?: string
}

export interface EffectPageOptions {
  filter?: EffectFilter
  /** Rows a page. Default 25, at most 100. */
  size?: number
  /** A cursor of an earlier page: rows older than it. */
  after?: string
  /** A cursor of a later page: rows newer than it. */
  before?: string
}

/** Rows a search in payloads reads for one page. */
const SEARCH_ROWS = 20_000

/**
 * One page of effects, newest first, equally fast at any depth: cursors are the key of a row, and filters by kind and state
 * read one index range for each pair.
 * @throws AdminError `invalid` for a cursor that is none
 */
export async function listEffects(sql: postgres.Sql, options: EffectPageOptions = {}): Promise<EffectPage> {
  const { filter = {}, after, before } = options
  const size = Math.max(1, Math.min(100, options.size ?? 25))
  const isBackward = before !== undefined && after === undefined
  const cursor = after ?? before
  const at = cursor === undefined ? undefined : parseCursor(cursor)
  const beyond = at
    ? sql`and (e.created_at, e.id) ${isBackward ? sql`>` : sql`<`} (${at.createdAt}::timestamptz, ${at.id}::uuid)`
    : sql``
  const order = isBackward ? sql`e.created_at, e.id` : sql`e.created_at desc, e.id desc`
  const read = filter.text ? search : filter.states || filter.kinds ? byKindAndState : byTime
  const { rows, searchedTo } = await read(sql, { filter, beyond, order, limit: size + 1 })
  const page = rows.slice(0, size)
  const isFull = rows.length > size
  const onward = cursorOf(isFull ? page.at(-1) : searchedTo)
  const back = cursor && (cursorOf(page[0]) ?? cursor)
  const shown = page.map(({ cursorAt: _, ...row }) => row)
  return {
    rows: isBackward ? shown.toReversed() : shown,
    after: isBackward ? back : onward,
    before: isBackward ? onward : back,
    searchedTo: isFull ? undefined : searchedTo?.cursorAt,
  }
}

interface Position {
  id: string
  cursorAt: string
}

interface Reading {
  filter: EffectFilter
  beyond: Fragment
  order: Fragment
  limit: number
}

type Found = { rows: (EffectRow & Position)[]; searchedTo?: Position }

async function byTime(sql: postgres.Sql, { filter, beyond, order, limit }: Reading): Promise<Found> {
  const rows = await sql<(EffectRow & Position)[]>`
    select ${columns(sql)} from kontor.effects e
    where true ${timeCondition(sql, filter)} ${beyond} order by ${order} limit ${limit}`
  return { rows }
}

/** The newest of each kind and state, then the newest of those: every pair is one range of one index. */
async function byKindAndState(sql: postgres.Sql, { filter, beyond, order, limit }: Reading): Promise<Found> {
  const kinds = filter.kinds ?? (await listKinds(sql))
  const rows = await sql<(EffectRow & Position)[]>`
    select ${columns(sql)} from unnest(${kinds as string[]}::text[]) as k(kind)
    cross join unnest(${(filter.states ?? EFFECT_STATES) as string[]}::text[]) as s(status)
    cross join lateral (
      select * from kontor.effects e where e.kind = k.kind and e.status = s.status
        ${timeCondition(sql, filter)} ${beyond}
      order by ${order} limit ${limit}
    ) e
    order by ${order} limit ${limit}`
  return { rows }
}

async function search(sql: postgres.Sql, { filter, beyond, order, limit }: Reading): Promise<Found> {
  const rows = await sql<(EffectRow & Position & { isMatch: boolean })[]>`
    with read as materialized (
      select e.*, row_number() over (order by ${order}) as nth from kontor.effects e
      where true ${timeCondition(sql, filter)} ${beyond} order by ${order} limit ${SEARCH_ROWS}
    ), matched as (
      select e.*, true as is_match from read e where ${conditionOf(sql, filter)} order by e.nth limit ${limit}
    ), edge as (
      select e.*, false as is_match from read e where e.nth = ${SEARCH_ROWS}
    )
    select ${columns(sql)}, e.is_match as "isMatch"
    from (select * from matched union all select * from edge) e order by e.nth, e.is_match desc`
  const matches = rows.filter(({ isMatch }) => isMatch)
  const edge = rows.find(({ isMatch }) => !isMatch)
  const strip = ({ isMatch: _, ...row }: (typeof rows)[number]) => row
  return { rows: matches.map(strip), searchedTo: edge && { id: edge.id, cursorAt: edge.cursorAt } }
}

function columns(sql: postgres.Sql): Fragment {
  return sql`e.id, e.kind, e.status as state,
    case when pg_column_size(e.payload) > 20000 then '(' || pg_column_size(e.payload) || ' bytes)'
      else left(e.payload::text, 200) end as payload,
    e.created_at::text as "createdAt", e.created_by as "createdBy", e.run_at::text as "runAt",
    e.started_at::text as "startedAt", e.completed_at::text as "completedAt",
    e.attempts, e.max_attempts as "maxAttempts", left(e.last_error, 500) as "lastError",
    e.created_at::text as "cursorAt"`
}

/** Every kind there is a row of: read by hopping through the index, one step a kind. */
export async function listKinds(sql: postgres.Sql): Promise<string[]> {
  const rows = await sql<{ kind: string }[]>`
    with recursive kinds(kind) as (
      (select e.kind from kontor.effects e order by e.kind limit 1)
      union all
      select (select e.kind from kontor.effects e where e.kind > kinds.kind order by e.kind limit 1)
      from kinds where kinds.kind is not null
    )
    select kind from kinds where kind is not null`
  return rows.map(({ kind }) => kind)
}

function cursorOf(row: Position | undefined): string | undefined {
  return row && Buffer.from(`${row.cursorAt}|${row.id}`).toString('base64url')
}

function parseCursor(cursor: string): { createdAt: string; id: string } {
  const [createdAt = '', id = ''] = Buffer.from(cursor, 'base64url').toString('utf8').split('|')
  if (!/^\d{4,6}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d+)?\+00$/.test(createdAt) || !/^[0-9a-f-]{36}$/.test(id)) {
    throw invalid('The page address is damaged. Go back to the first page.')
  }
  return { createdAt, id }
}
