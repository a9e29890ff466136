import { and, type SQL, sql } from 'drizzle-orm'
import { isMalformedValue } from '@/lib/db/postgres-errors'
import { column } from '@/lib/db/rebase'
import { encodeRecordId } from '@/lib/db/record-id'
import { AdminError } from '@/lib/errors'
import { keyCondition, type Texts } from '@/lib/storage'
import type { RequestContext } from '../context'
import { formatArray } from '../fields/array/literal'
import { rowCondition } from '../policy'
import { titleOf } from '../record'
import type { Field, Resource } from '../tree'
import { ALIAS, readWhole } from './rows'

/**
 * What records are called, by id, in one query; those the person may not open are absent.
 * @param ids texts of `fields`, joined as record ids are
 * @param fields a unique key of the resource that a foreign key may point at; its own key unless said otherwise
 */
export async function labelsFor(
  ctx: RequestContext,
  resource: Resource,
  ids: readonly string[],
  fields: readonly string[] = resource.keyFields.map(({ name }) => name),
): Promise<Map<string, string>> {
  const wanted = [...new Set(ids)]
  if (wanted.length === 0) return new Map()
  const records = await recordsBy(ctx, resource, fields, wanted)
  return new Map(records.map(({ id, title }) => [id, title]))
}

/** A record as a label needs it: by which id it was asked for, and its own. */
export interface Labelled {
  id: string
  title: string
  /** The record's id where the resource has a key. */
  recordId: string
}

/** The records `ids` name that the person may open, with what they are called. Ids that name nothing are left out. */
export async function recordsBy(
  ctx: RequestContext,
  resource: Resource,
  fields: readonly string[],
  ids: readonly string[],
): Promise<Labelled[]> {
  const asked = fields.flatMap((name) => resource.fields.get(name) ?? [])
  const isOne = isOneOf(asked, ids)
  if (!isOne) return []
  try {
    const visible = await rowCondition(ctx, resource, 'read', ALIAS)
    const isByKey = fields.join() === resource.keyFields.map(({ name }) => name).join()
    const source = isByKey ? resource.storage.among?.(ids) : undefined
    return await readLabelled(ctx, resource, asked, sql`where ${and(isOne, visible)}`, source)
  } catch (error) {
    // No right to open them, or ids that their key cannot be: then they have no label.
    if (isMalformedValue(error) || (error instanceof AdminError && error.code === 'forbidden')) return []
    throw error
  }
}

/** Reads titles of the rows of `source` (all) that `rest` (WHERE, ORDER BY, LIMIT over the alias "t") leaves, in its order. */
export async function readLabelled(
  ctx: RequestContext,
  resource: Resource,
  asked: readonly Field[],
  rest: SQL,
  source?: SQL,
): Promise<Labelled[]> {
  const title = resource.title.field
  const needed = title ? [...asked, ...resource.keyFields, title] : [...resource.fields.values()]
  const fields = [...new Set(needed)]
  const selection = fields.map((field, at) => sql`${readWhole(field)} as ${sql.identifier(`c${at}`)}`)
  const columns = sql.join(selection, sql`, `)
  const rows = await ctx.db.execute<Record<string, string | null>>(sql`
    select ${columns} from ${source ?? resource.storage.source(sql`${columns} ${rest}`)} as ${sql.identifier(ALIAS)} ${rest}`)
  return rows.map((row) => {
    const texts: Texts = Object.fromEntries(fields.map(({ name }, at) => [name, row[`c${at}`] ?? null]))
    const idOf = (names: readonly Field[]) => encodeRecordId(names.map(({ name }) => texts[name] ?? ''))
    const recordId = idOf(resource.keyFields)
    // A title the person may not read is none.
    const shown = title && !title.read(ctx) ? { ...texts, [title.name]: null } : texts
    return { id: idOf(asked), title: titleOf(resource, shown, recordId || idOf(asked)), recordId }
  })
}

function isOneOf(fields: readonly Field[], ids: readonly string[]): SQL | undefined {
  const [only] = fields
  if (!only || ids.length === 0) return undefined
  if (fields.length === 1) return sql`${column(ALIAS, only.column.name)} = any(${formatArray(ids)})`
  const conditions = ids.flatMap(
    (id) =>
      keyCondition(
        fields.map((field) => field.column),
        id,
        ALIAS,
      ) ?? [],
  )
  return conditions.length > 0 ? sql`(${sql.join(conditions, sql` or `)})` : undefined
}
