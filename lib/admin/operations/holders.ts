import { and, type SQL, sql } from 'drizzle-orm'
import type { PostgresError } from '@/lib/db/postgres-errors'
import { column } from '@/lib/db/rebase'
import type { StoredRow } from '@/lib/storage'
import type { RequestContext } from '../context'
import { isTimeout } from '../list/slow'
import { readWithin } from '../list/within'
import { isAllowed, rowCondition } from '../policy'
import type { Resource } from '../tree'
import type { DeletionView } from '../view'

/** A foreign key that points at a resource, as the catalogue has it: the config may know neither key nor table. */
interface Inbound {
  schema: string
  table: string
  columns: string[]
  targets: string[]
  /** pg_constraint.confdeltype: 'a' no action, 'r' restrict, 'c' cascade, 'n' set null, 'd' set default. */
  onDelete: string
  /** pg_constraint.confupdtype, the same letters. */
  onUpdate: string
  /** Whether the application may read the table at all. */
  isReadable: boolean
}

/** By what the foreign key does; whatever else it says, it holds on. */
const FATES: Record<string, keyof DeletionView> = { c: 'goes', n: 'stays', d: 'stays' }

/** Records beyond this many are "more than". */
const MOST_COUNTED = 100

/** For each count: the dialog is open already, and a foreign key without an index has the whole table read. */
const PATIENCE_MS = 1500

const ALIAS = 't'

/**
 * What the database would do to the records that refer to one if it were deleted now, in words with counts, such as
 * "3 order lines". Only records this person may list are named and counted; all others are "other records". Nothing
 * where the config deletes in a way of its own.
 */
export async function whatDeletingDoes(ctx: RequestContext, resource: Resource, row: StoredRow): Promise<DeletionView> {
  const view: DeletionView = { goes: [], stays: [], blocks: [] }
  if (resource.overrides.delete || resource.shape.kind !== 'table') return view
  // One after the other: a question must not take the pool's connections from everybody else.
  for (const key of await inboundOf(ctx, resource)) {
    const list = view[FATES[key.onDelete] ?? 'blocks']
    for (const one of await holdersOf(ctx, resource, row, key)) if (!list.includes(one)) list.push(one)
  }
  for (const list of [view.goes, view.stays, view.blocks]) othersLast(list)
  return view
}

/**
 * Who keeps a record from having other values in some columns, in the same words, and which of these columns they refer to.
 * @param row the record as it is
 */
export async function whatHoldsKey(
  ctx: RequestContext,
  resource: Resource,
  row: StoredRow,
  columns: ReadonlySet<string>,
): Promise<{ blocks: string[]; columns: string[] }> {
  const found = { blocks: new Set<string>(), columns: new Set<string>() }
  for (const key of await inboundOf(ctx, resource)) {
    const changed = key.targets.filter((name) => columns.has(name))
    if (changed.length === 0 || !HOLDING.has(key.onUpdate)) continue
    const words = key.isReadable ? await holdersOf(ctx, resource, row, key) : [OTHERS]
    for (const one of words) found.blocks.add(one)
    if (words.length > 0) for (const name of changed) found.columns.add(name)
  }
  return { blocks: othersLast([...found.blocks]), columns: [...found.columns] }
}

const HOLDING = new Set(['a', 'r'])

const othersLast = (words: string[]) => words.sort((a, b) => Number(a === OTHERS) - Number(b === OTHERS))

async function inboundOf(ctx: RequestContext, { shape }: Resource): Promise<Inbound[]> {
  const rows = await ctx.db.execute<Inbound & Record<string, unknown>>(sql`
    select n.nspname as schema, c.relname as "table", k.confdeltype as "onDelete", k.confupdtype as "onUpdate",
      has_schema_privilege(n.oid, 'usage') and has_table_privilege(c.oid, 'select') as "isReadable",
      (select array_agg(a.attname::text order by o.place) from unnest(k.conkey) with ordinality as o(number, place)
        join pg_attribute a on a.attrelid = k.conrelid and a.attnum = o.number) as columns,
      (select array_agg(a.attname::text order by o.place) from unnest(k.confkey) with ordinality as o(number, place)
        join pg_attribute a on a.attrelid = k.confrelid and a.attnum = o.number) as targets
    from pg_constraint k join pg_class c on c.oid = k.conrelid join pg_namespace n on n.oid = c.relnamespace
    where k.contype = 'f' and k.conparentid = 0
      and k.confrelid = to_regclass(format('%I.%I', ${shape.schema}::text, ${shape.name}::text))
    order by n.nspname, c.relname, k.conname`)
  return [...rows]
}

const OTHERS = 'other records'

/** Whether a foreign key of another table refused the write, not one of its own. */
export const isHeldBack = ({ detail }: PostgresError) => /is (still )?referenced from table/.test(detail ?? '')

export const isSingle = (blocks: readonly string[]) => blocks.length === 1 && blocks[0]?.startsWith('1 ') === true

/** '1 product refers', '2 orders and other records refer' */
export const referring = (blocks: readonly string[]) =>
  `${new Intl.ListFormat('en').format(blocks)} ${isSingle(blocks) ? 'refers' : 'refer'}`

async function holdersOf(ctx: RequestContext, resource: Resource, row: StoredRow, key: Inbound): Promise<string[]> {
  const values = key.targets.map((name) => row.texts[fieldNamed(resource, name)] ?? null)
  // Without a value there is nothing to refer to; what may not be read is said by the refusal, if it holds on.
  if (!key.isReadable || values.includes(null)) return []
  const refers = and(...key.columns.map((name, at) => sql`${column(ALIAS, name)} = ${values[at]}`), notItself())
  const all = await count(ctx, key, refers)
  if (all === 0) return []
  const named = await nameOf(ctx, resource, key)
  if (!named || all === undefined) return [named ? named.words(undefined) : OTHERS]
  const seen = named.where ? await count(ctx, key, and(refers, named.where)) : all
  const words = seen === 0 ? [] : [named.words(seen)]
  return seen === undefined || seen < all ? [...words, OTHERS] : words

  /** A record that refers to itself is no other. */
  function notItself(): SQL | undefined {
    if (`${key.schema}.${key.table}` !== resource.shape.relation || resource.keyFields.length === 0) return undefined
    const own = resource.keyFields.map(
      ({ name, column: { name: of } }) => sql`${column(ALIAS, of)} = ${row.texts[name] ?? null}`,
    )
    return sql`not (${and(...own)})`
  }
}

const fieldNamed = ({ shape }: Resource, name: string) => shape.columns.find((one) => one.name === name)?.field ?? name

/** How to speak of a table's records, and which of them this person may list; undefined where none. */
async function nameOf(ctx: RequestContext, resource: Resource, { schema, table }: Inbound) {
  const relation = `${schema}.${table}`
  const holder = ctx.admin.byRelation.get(relation)
  if (holder) {
    if (!(await isAllowed(ctx, holder, 'list'))) return undefined
    const where = await rowCondition(ctx, holder, 'list', ALIAS)
    return { where, words: (seen?: number) => counted(seen, holder.singular, holder.plural) }
  }
  const link = resource.manyToMany.find(({ join }) => join.relation === relation)
  const linked = link && ctx.admin.resources.get(link.resource)
  if (!link || !linked || !(await isAllowed(ctx, linked, 'list'))) return undefined
  // Whose links some may not be seen are not counted either.
  if (await rowCondition(ctx, linked, 'list', ALIAS)) return undefined
  const to = link.label.toLowerCase()
  return { where: undefined, words: (seen?: number) => counted(seen, `link to ${to}`, `links to ${to}`) }
}

function counted(seen: number | undefined, singular: string, plural: string): string {
  if (seen === undefined) return `an unknown number of ${plural.toLowerCase()}`
  if (seen > MOST_COUNTED) return `more than ${MOST_COUNTED} ${plural.toLowerCase()}`
  return `${seen} ${(seen === 1 ? singular : plural).toLowerCase()}`
}

/** Up to one more than `MOST_COUNTED`; undefined where it took too long. */
async function count(ctx: RequestContext, { schema, table }: Inbound, where: SQL | undefined) {
  const counting = readWithin(ctx.db, PATIENCE_MS, (tx) =>
    tx.execute<{ counted: number }>(sql`
      select count(*)::int as counted from (
        select from ${sql.identifier(schema)}.${sql.identifier(table)} as ${sql.identifier(ALIAS)}
        where ${where ?? sql`true`} limit ${sql.raw(String(MOST_COUNTED + 1))}) as capped`),
  )
  return counting.then(
    ([row]) => row?.counted ?? 0,
    (error: unknown) => {
      if (isTimeout(error)) return undefined
      throw error
    },
  )
}
