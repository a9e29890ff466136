import { and, type SQL, sql } from 'drizzle-orm'
import type { Executor } from '@/lib/db/client'
import type { Clock } from '@/lib/db/clock'
import { column } from '@/lib/db/rebase'
import { decodeRecordId, encodeRecordId } from '@/lib/db/record-id'
import { EPHEMERAL_FIELDS } from '@/lib/db/storage-columns'
import type { TableShape } from '@/lib/db/table-shape'
import type { Deadlines, Expiry, ExpiryLimits } from './expiry'
import { pastStorage } from './past'
import { ALIAS, commaSeparated, compiled, keyCondition, type RowReaderOptions, rowReader } from './row-reader'
import type { Storage, StoredRow, Texts } from './storage'
import { insertRow, removeRow, updateRow } from './table'

export interface EphemeralStorageOptions {
  keyFields: readonly string[]
  limits: ExpiryLimits
  /** Decides what has expired: the same for everything that reads and writes the table. */
  clock: Clock
  read?: RowReaderOptions['read']
}

/** Touching less often than this share of the timeout keeps reading cheap; a record lives at most so much shorter. */
const TOUCH_SHARE = 0.1

const expires = (alias: string) => column(alias, 'expires_at')

/**
 * Records that vanish by themselves. What has expired is invisible to every read at once; the sweep only removes it.
 * The times stand in the row, see `ephemeralColumns`; `revision` is the version, so that touching is no change.
 */
export function ephemeralStorage(
  shape: TableShape,
  { keyFields, limits, clock, read }: EphemeralStorageOptions,
): Storage & { expiry: Expiry } {
  const managed = new Set(EPHEMERAL_FIELDS)
  const version = (alias: string) => sql`${column(alias, 'revision')}::text`
  const now = () => sql`${clock.now().toISOString()}::timestamptz`
  const isAlive = (alias: string) => sql`(${expires(alias)} is null or ${expires(alias)} > ${now()})`
  // The same for the one row of a key, in a form that no index serves: the planner need not think about it.
  const end = compiled(sql`coalesce(${expires(ALIAS)}, 'infinity') >`)
  const isRowAlive = () => sql`${end} ${clock.now().toISOString()}::timestamptz`
  const rows = rowReader(shape, { keyFields, read, version, managed, exists: isRowAlive })
  const t = sql.identifier(ALIAS)

  const storage: Storage & { expiry: Expiry } = {
    kind: 'ephemeral',
    managed,
    logged: {
      schema: shape.schema,
      name: shape.name,
      ignored: shape.columns.filter(({ field }) => managed.has(field)).map(({ name }) => name),
    },
    setup: {
      kind: 'ephemeral',
      table: { schema: shape.schema, name: shape.name },
      limits,
      refersTo: shape.foreignKeys.map(({ target }) => `${target.schema}.${target.table}`),
    },
    // A plain subselect, which the planner takes apart again: conditions and orders outside use the table's indexes.
    source: () => sql`(select * from ${rows.table} as e where ${isAlive('e')})`,
    version,
    load: rows.load,
    insert: (db, texts) => insertTimed(db, texts),
    update: (db, row, texts) => updateRow(db, rows, row, texts, [...touched(), sql`revision = ${t}.revision + 1`]),
    remove: (db, row) => removeRow(db, rows, row),
    past: (given) => pastStorage(storage, rows, given),
    expiry: {
      limits,
      deadlines: ({ texts }) => deadlinesOf(texts),
      remaining: (alias) => sql`extract(epoch from ${expires(alias)} - ${now()})::float8`,

      async touch(db, row) {
        const { inactivityMs } = limits
        if (inactivityMs === undefined) return false
        const at = clock.now().getTime()
        const last = Date.parse(isoOf(row.texts.touchedAt) ?? '')
        if (at - last < inactivityMs * TOUCH_SHARE) return false
        // Whoever holds the row is writing it: waiting for them would make reading slow, and theirs is activity too.
        const found = await db.execute(sql`update ${rows.table} as ${t} set ${commaSeparated(touched())}
          where ${keyOf(row)} and ${isAlive(ALIAS)}
            and exists (select from ${rows.table} as h where ${keyCondition(rows.keyColumns, row.id, 'h')} for update skip locked)
          returning 1`)
        return found.length > 0
      },

      async keepAlive(db, id, where) {
        const condition = keyCondition(rows.keyColumns, id)
        if (!condition) return undefined
        const found = await db.execute<
          Record<string, string>
        >(sql`update ${rows.table} as ${t} set ${commaSeparated(touched())}
          where ${and(condition, isAlive(ALIAS), where)} returning ${rows.keyTexts}`)
        return found[0] && rows.load(db, encodeRecordId(rows.keyColumns.map((_, at) => found[0]?.[`k${at}`] ?? '')))
      },

      async hasExpired(db, id, where) {
        const condition = keyCondition(rows.keyColumns, id)
        if (!condition) return false
        const found = await db.execute(sql`select from ${rows.table} as ${t}
          where ${and(condition, sql`${expires(ALIAS)} <= ${now()}`, where)}`)
        return found.length > 0
      },

      async lockDue(db, limit, offset = 0) {
        const found = await db.execute<Record<string, string | null>>(sql`
          select ${rows.selection} from ${rows.table} as ${t} where ${expires(ALIAS)} <= ${now()}
          order by ${expires(ALIAS)}, ${keys()} limit ${limit} offset ${offset} for update of ${t} skip locked`)
        return found.map(rows.readRow)
      },

      async lockLeastActive(db, limit) {
        if (limits.maxRecords === undefined) return []
        // The inner query finds and the outer locks: the most active rows stay free for their writers.
        const found = await db.execute<Record<string, string | null>>(sql`
          select ${rows.selection} from ${rows.table} as ${t} where ${isAlive(ALIAS)} and (${keys()}) in (
            select ${keys('e')} from ${rows.table} as e where ${isAlive('e')}
            order by e.touched_at desc, ${keys('e')} limit ${limit} offset ${limits.maxRecords})
          order by ${column(ALIAS, 'touched_at')}, ${keys()} for update of ${t} skip locked`)
        return found.map(rows.readRow)
      },

      async removeAll(db, gone) {
        if (gone.length === 0) return new Set()
        const parts = gone.map(({ id }) => decodeRecordId(id, rows.keyColumns.length) ?? [])
        const list = JSON.stringify(
          parts.map((values) => Object.fromEntries(values.map((value, at) => [`k${at}`, value]))),
        )
        const typed = rows.keyColumns.map((entry, at) => sql`${sql.identifier(`k${at}`)} ${sql.raw(entry.sqlType)}`)
        const found = await db.execute<Record<string, string>>(sql`
          delete from ${rows.table} as ${t} using jsonb_to_recordset(${list}::jsonb) as g(${commaSeparated(typed)})
          where ${and(...rows.keyColumns.map((entry, at) => sql`${column(ALIAS, entry.name)} = ${column('g', `k${at}`)}`))}
          returning ${rows.keyTexts}`)
        return new Set(found.map((keys) => encodeRecordId(rows.keyColumns.map((_, at) => keys[`k${at}`] ?? ''))))
      },

      reasonOf(row) {
        const { expiresAt, livesUntil } = deadlinesOf(row.texts)
        if (!expiresAt || expiresAt > clock.now()) return 'evicted'
        return livesUntil && livesUntil <= expiresAt ? 'lifetime' : 'inactivity'
      },
    },
  }
  return storage

  function keys(alias = ALIAS): SQL {
    return commaSeparated(rows.keyColumns.map(({ name }) => column(alias, name)))
  }

  function keyOf(row: StoredRow): SQL {
    return keyCondition(rows.keyColumns, row.id) ?? sql`false`
  }

  /** What activity sets: the timeout begins anew, the end of the lifetime stays. */
  function touched(): SQL[] {
    const inactive = later(limits.inactivityMs)
    // Always a later moment, by which the table's trigger knows the times were stated.
    const moment = sql`greatest(${now()}, ${t}.touched_at + interval '1 microsecond')`
    return [sql`touched_at = ${moment}`, sql`expires_at = least(${inactive}::timestamptz, ${t}.lives_until)`]
  }

  async function insertTimed(db: Executor, texts: Texts): Promise<StoredRow> {
    const livesUntil = later(limits.lifetimeMs)
    const expiresAt = [later(limits.inactivityMs), livesUntil].filter((at) => at !== null).sort()[0] ?? null
    const times: Texts = { touchedAt: clock.now().toISOString(), livesUntil, expiresAt }
    // Here, and only here, the storage's own fields are written like any other.
    const columnsOf = (given: Texts) => rows.columns.filter(({ field }) => field in given)
    const given = Object.fromEntries(rows.columnsOf(texts).map(({ field }) => [field, texts[field] ?? null]))
    return insertRow(db, { ...rows, columnsOf }, { ...given, ...times })
  }

  function later(ms: number | undefined): string | null {
    return ms === undefined ? null : new Date(clock.now().getTime() + ms).toISOString()
  }
}

function deadlinesOf({ expiresAt, livesUntil }: Texts): Deadlines {
  const read = (text: string | null | undefined) => {
    const iso = isoOf(text)
    const moment = new Date(iso ?? Number.NaN)
    // 'infinity', as other programs may write it, is never too.
    return Number.isNaN(moment.getTime()) ? undefined : moment
  }
  return { expiresAt: read(expiresAt), livesUntil: read(livesUntil) }
}

/** '2026-05-01 10:00:00.5+00', as the pinned output has it, in the form every JavaScript engine reads. */
function isoOf(text: string | null | undefined): string | undefined {
  return text?.replace(' ', 'T').replace(/\+00$/, 'Z')
}
