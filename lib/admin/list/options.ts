import { and, type SQL, sql } from 'drizzle-orm'
import { isMalformedValue } from '@/lib/db/postgres-errors'
import { column } from '@/lib/db/rebase'
import { forbidden, notFound } from '@/lib/errors'
import type { RequestContext } from '../context'
import { isAllowed, rowCondition } from '../policy'
import type { Field, Resource } from '../tree'
import type { OptionsView } from '../view'
import { formatOf } from './filters'
import { type Labelled, readLabelled } from './labels'
import { startingWith } from './pattern'
import { ALIAS } from './rows'
import { LARGE_ROWS } from './search/match'
import { searchCondition } from './search/search'
import { isTimeout } from './slow'
import { type TableFacts, tableFacts } from './table-facts'
import { readWithin } from './within'
import { wellFormed } from './wording'

/** Options a picker shows; whoever wants another one types. */
export const MOST_OPTIONS = 20

/** What one way of looking may take: a picker shows what the quicker ways found. */
const PATIENCE_MS = 1500

/**
 * What a picker offers for a foreign key or a many-to-many association: records of the target that the person may see.
 * Asked for by the key itself, by how the title begins, then by what a search finds; each within its time, so that a
 * target of a million records without fitting indexes gives what it can.
 * @param name a field of `resource`, or a many-to-many association of it
 * @throws AdminError `not_found` where no association has that name, `forbidden`
 */
export async function loadOptions(
  ctx: RequestContext,
  resource: Resource,
  name: string,
  q: string,
): Promise<OptionsView> {
  const { target, fields } = await targetOf(ctx, resource, name)
  const search = wellFormed(q).trim().slice(0, 200)
  const visible = await rowCondition(ctx, target, 'list', ALIAS)
  const facts = await tableFacts(ctx.db, target.shape)
  const look = (condition: SQL | undefined) => readOptions(ctx, target, fields, and(condition, visible), facts)
  const found = new Map<string, Labelled>()
  for (const condition of search ? await ways(ctx, target, fields, search) : [async () => undefined]) {
    if (found.size > MOST_OPTIONS) break
    for (const option of await look(await condition())) if (!found.has(option.id)) found.set(option.id, option)
  }
  const options = [...found.values()]
  return { options: viewOptions(options.slice(0, MOST_OPTIONS)), hasMore: options.length > MOST_OPTIONS }
}

async function targetOf(
  ctx: RequestContext,
  resource: Resource,
  name: string,
): Promise<{ target: Resource; fields: Field[] }> {
  const field = resource.fields.get(name)
  const link = resource.manyToMany.find((association) => association.name === name)
  const association = field?.reference ?? link
  const target = association && ctx.admin.resources.get(association.resource)
  if (!target) throw notFound(`The association ${resource.key}/${name}`)
  if (field && !field.read(ctx) && field.create(ctx) !== 'editable') throw forbidden('You may not read this field.')
  if (!(await isAllowed(ctx, target, 'list'))) {
    throw forbidden(`Your role does not allow you to see ${target.plural.toLowerCase()}.`)
  }
  const names = field?.reference?.targetFields ?? link?.otherFields ?? []
  return { target, fields: names.flatMap((key) => target.fields.get(key) ?? []) }
}

/** Conditions in the order they are tried, the surest and quickest first. */
async function ways(ctx: RequestContext, target: Resource, fields: readonly Field[], search: string) {
  const [key] = fields
  const title = target.title.field
  const parsed = key?.kind.parseOperand?.(search, { ...key, choices: undefined }, formatOf(ctx), 'eq')
  const conditions: (() => Promise<SQL>)[] = []
  if (key && fields.length === 1 && parsed?.ok) {
    conditions.push(async () => sql`${column(ALIAS, key.column.name)} = ${parsed.text}`)
  }
  if (title?.read(ctx)) {
    conditions.push(async () => startingWith(title, column(ALIAS, title.column.name), search))
  }
  if (title || target.list.search.length > 0) {
    conditions.push(
      async () => (await searchCondition(ctx, searchedByTitle(target), search, ALIAS)).where ?? sql`false`,
    )
  }
  return conditions
}

/** A picker looks into the title even where the list's own search does not. */
function searchedByTitle(target: Resource): Resource {
  const { field } = target.title
  const isSearched = !field || target.list.search.some((entry) => entry.path.length === 0 && entry.field === field)
  return isSearched
    ? target
    : { ...target, list: { ...target.list, search: [{ path: [], field }, ...target.list.search] } }
}

async function readOptions(
  ctx: RequestContext,
  target: Resource,
  fields: readonly Field[],
  where: SQL | undefined,
  facts: TableFacts,
): Promise<Labelled[]> {
  const limit = sql.raw(String(MOST_OPTIONS + 1))
  try {
    return await readWithin(ctx.db, PATIENCE_MS, async (tx) => {
      const options = await readLabelled(
        { ...ctx, db: tx },
        target,
        fields,
        sql`where ${where ?? sql`true`} ${orderOfOptions(target, fields, facts)} limit ${limit}`,
      )
      return options.sort((a, b) => a.title.localeCompare(b.title, ctx.locale, { numeric: true }))
    })
  } catch (error) {
    if (isTimeout(error) || isMalformedValue(error)) return []
    throw error
  }
}

/** By title where that is cheap: a small table, or an index that begins with it. Else whatever comes first. */
function orderOfOptions({ title: { field } }: Resource, fields: readonly Field[], { rows, leading }: TableFacts): SQL {
  const isCheap = field && ((rows ?? 0) < LARGE_ROWS / 5 || leading.has(field.column.name))
  if (!isCheap || !field.kind.isSortable) return sql``
  const by = [field, ...fields].map((key) => column(ALIAS, key.column.name))
  return sql`order by ${sql.join(by, sql`, `)}`
}

/** Records of one name are told apart by their key. */
function viewOptions(options: readonly Labelled[]): OptionsView['options'] {
  const isShared = (title: string) => options.filter((other) => other.title === title).length > 1
  return options.map(({ id, title }) => ({ id, label: title, hint: isShared(title) ? id : undefined }))
}
