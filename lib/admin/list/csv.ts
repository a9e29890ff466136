import { stringify } from 'csv-stringify/sync'
import { type SQL, sql } from 'drizzle-orm'
import type { RequestContext } from '../context'
import { computedText } from '../fields'
import { toRecord } from '../record'
import type { ListColumn, Resource } from '../tree'
import { computedValues } from './cells'
import { columnScene, neededFields } from './list'
import { orderOf, visibleColumns } from './order'
import { listCondition } from './read'
import { ALIAS, type ListedRow, type PageQuery, readRow, selectRows } from './rows'
import { explainTimeout, isTimeout } from './slow'
import type { ListState } from './state'

const CHUNK_ROWS = 500
/** Sorting everything may take longer than a page may; each chunk after the first is quick again. */
const STATEMENT_MS = 300_000
/** A reader that stops reading holds a connection and an old snapshot: the database ends it. */
const IDLE_MS = 60_000
const BYTE_ORDER_MARK = '\ufeff'

/**
 * The listed rows as CSV (RFC 4180, UTF-8 with a byte order mark): every row of the list's filters and order, all from
 * one snapshot, read by a cursor only as fast as the stream is read. Values are Postgres's own texts, foreign keys the
 * labels of what they name; what a spreadsheet would run as a formula is defused.
 * The stream fails with AdminError `timeout`; `forbidden` is thrown before it begins.
 */
export async function streamCsv(
  ctx: RequestContext,
  resource: Resource,
  state: ListState,
): Promise<ReadableStream<Uint8Array>> {
  const { where, required } = await listCondition(ctx, state)
  const columns = visibleColumns(ctx, resource)
  const order = orderOf(ctx, resource, state.sort, ALIAS)
  const { fields } = neededFields(resource, columns)
  const query: PageQuery = {
    resource,
    fields,
    isCut: false,
    where,
    required,
    order,
    size: 0,
    position: { kind: 'page', page: 1 },
  }
  const flow = new Flow()
  const encoder = new TextEncoder()
  return new ReadableStream<Uint8Array>(
    {
      start(controller) {
        const send = async (text: string) => {
          controller.enqueue(encoder.encode(text))
          await flow.wanted()
        }
        const work = async () => {
          await send(BYTE_ORDER_MARK + stringify([columns.map(({ label }) => defuse(label))], DIALECT))
          await readChunks(ctx, query, async (rows) =>
            send(stringify(await cellsOf(ctx, resource, columns, rows), DIALECT)),
          )
          controller.close()
        }
        work().catch(async (error: unknown) => {
          if (!flow.isCancelled) controller.error(isTimeout(error) ? await explainTimeout(ctx, state, error) : error)
        })
      },
      pull: () => flow.want(),
      cancel: () => flow.cancel(),
    },
    new CountQueuingStrategy({ highWaterMark: 2 }),
  )
}

const DIALECT = { record_delimiter: '\r\n', quoted_match: /[\r\n]|^\s|\s$/ }

/** Reads all rows of `query` by a cursor in one read-only transaction, which ends with the last row or a throw. */
async function readChunks(
  ctx: RequestContext,
  query: PageQuery,
  take: (rows: ListedRow[]) => Promise<void>,
): Promise<void> {
  await ctx.db.transaction(
    async (tx) => {
      await tx.execute(sql`select set_config('statement_timeout', ${String(STATEMENT_MS)}, true),
        set_config('idle_in_transaction_session_timeout', ${String(IDLE_MS)}, true)`)
      await tx.execute(sql`declare listed no scroll cursor for ${selectRows(query, query.order.keys)}`)
      for (;;) {
        const rows = await tx.execute<Record<string, string | null>>(fetchNext)
        if (rows.length > 0) await take(rows.map((row) => readRow(query, row)))
        if (rows.length < CHUNK_ROWS) return
      }
    },
    { isolationLevel: 'repeatable read', accessMode: 'read only' },
  )
}

const fetchNext: SQL = sql.raw(`fetch ${CHUNK_ROWS} from listed`)

async function cellsOf(
  ctx: RequestContext,
  resource: Resource,
  columns: readonly ListColumn[],
  rows: readonly ListedRow[],
): Promise<string[][]> {
  const records = columns.some(({ value }) => value) ? rows.map(({ texts }) => toRecord(resource, texts)) : []
  const drawn = await Promise.all(columns.map((column) => columnTexts(ctx, resource, column, rows, records)))
  return rows.map((_, at) => drawn.map((texts) => texts[at] ?? ''))
}

async function columnTexts(
  ctx: RequestContext,
  resource: Resource,
  column: ListColumn,
  rows: readonly ListedRow[],
  records: Parameters<typeof computedValues>[3],
): Promise<string[]> {
  const { field } = column
  if (!field) {
    const values = await computedValues(ctx, resource, column, records)
    return values.map((value) => defuse(computedText(value) ?? '', typeof value === 'number'))
  }
  const { targets } = await columnScene(ctx, column, rows)
  const isNumber = field.kind.filter === 'number' && !targets
  return rows.map(({ texts }) => {
    const text = texts[field.name] ?? ''
    return defuse(targets?.records.get(text)?.title ?? text, isNumber)
  })
}

/**
 * A cell that a spreadsheet would take for a formula begins with an apostrophe. A plain number out of a number column
 * is none: '-3.50' stays what it is.
 */
export function defuse(text: string, isNumber = false): string {
  if (!/^[=+\-@\t\r]/.test(text)) return text
  return isNumber && /^[-+]?\d+(\.\d+)?(e[-+]?\d+)?$/i.test(text) ? text : `'${text}`
}

/** Between a stream that asks and a loop that gives: one chunk for each wish. */
class Flow {
  isCancelled = false
  private wishes = 0
  private wake: (() => void) | undefined

  want(): void {
    this.wishes++
    this.wake?.()
  }

  cancel(): void {
    this.isCancelled = true
    this.wake?.()
  }

  /** Waits until more is wanted. @throws when nobody reads any more, so that the transaction ends */
  async wanted(): Promise<void> {
    while (this.wishes === 0 && !this.isCancelled) {
      await new Promise<void>((resolve) => {
        this.wake = resolve
      })
    }
    if (this.isCancelled) throw new Error('The reader of the export went away.')
    this.wishes--
  }
}
