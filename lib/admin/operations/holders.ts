import type { StoredRow } from '@/lib/storage'
import type { RequestContext } from '../context'
import type { Resource } from '../tree'
import type { DeletionView } from '../view'
import { type Group, nameOf, wordsOf } from './holder-words'
import { type ColumnTexts, type FoundRow, findRows, type Inbound, inboundOf, oneOf } from './inbound'

/** Of one table, so many are followed to what refers to them in turn. */
const MOST_FOLLOWED = 1_000
/** Tables are followed so deep, and so many foreign keys are asked about: the dialog is open already. */
const MOST_DEPTH = 5
const MOST_ASKED = 60
/** For all answers together. */
const ALL_PATIENCE_MS = 6_000

type Fate = 'goes' | 'stays' | 'blocks' | 'blocksBelow'

/** By what the foreign key does; whatever else it says, it holds on. */
const FATES: Record<string, Fate> = { c: 'goes', n: 'stays', d: 'stays' }

/**
 * What the database would do to the records that refer to some if these were deleted now, and to those that refer to them
 * in turn, in words with counts, such as "3 order lines". Only records this person may list are named and counted; all
 * others are "other records". Nothing where the config deletes in a way of its own.
 */
export async function whatDeletingDoes(
  ctx: RequestContext,
  resource: Resource,
  rows: readonly StoredRow[],
): Promise<DeletionView> {
  if (resource.overrides.delete || resource.shape.kind !== 'table') return { goes: [], stays: [], blocks: [] }
  const found = await follow(ctx, resource, rows)
  const view: DeletionView = {
    goes: await wordsOf(ctx, found.goes),
    stays: await wordsOf(ctx, found.stays),
    blocks: await wordsOf(ctx, found.blocks),
  }
  const blocksBelow = await wordsOf(ctx, found.blocksBelow)
  return { ...view, ...(blocksBelow.length > 0 && { blocksBelow }), ...(found.isCut && { isCut: true as const }) }
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
  const held = new Set<string>()
  const groups = new Map<string, Group>()
  const [itself] = await placesOf(ctx, resource, [row], [])
  for (const key of await inboundOf(ctx, resource.shape)) {
    const changed = key.targets.filter((name) => columns.has(name))
    if (changed.length === 0 || FATES[key.onUpdate] || !key.isReadable) continue
    const group = groupOf(groups, key, resource)
    const before = group.rows.size + Number(group.isUnknown)
    await addRows(ctx, group, key, [textsOf(resource, row)], { wanted: [], except: new Set([itself?.place ?? '']) })
    if (group.rows.size + Number(group.isUnknown) > before) for (const name of changed) held.add(name)
  }
  return { blocks: await wordsOf(ctx, groups), columns: [...held] }
}

/** What is found from `rows` on, by table. */
async function follow(ctx: RequestContext, resource: Resource, rows: readonly StoredRow[]) {
  const nothing = () => new Map<string, Group>()
  const found = { goes: nothing(), stays: nothing(), blocks: nothing(), blocksBelow: nothing() }
  const inbound = new Map<string, Promise<Inbound[]>>()
  const keysTo = (schema: string, name: string) => {
    const relation = `${schema}.${name}`
    const keys = inbound.get(relation) ?? inboundOf(ctx, { schema, name })
    inbound.set(relation, keys)
    return keys
  }
  const { schema, name } = resource.storage.logged
  const targets = [...new Set((await keysTo(schema, name)).flatMap((key) => key.targets))]
  const roots = await placesOf(ctx, resource, rows, targets)
  const gone = new Set(roots.map(({ place }) => place))
  const isRoot = new Set(gone)
  let frontier = [{ schema, name, rows: roots, isPartial: false }]
  let isCut = false
  let asked = 0
  const deadline = Date.now() + ALL_PATIENCE_MS

  for (let depth = 0; frontier.length > 0 && !isCut; depth++) {
    const next: typeof frontier = []
    for (const from of frontier) {
      // One after the other: a question must not take the pool's connections from everybody else.
      for (const key of await keysTo(from.schema, from.name)) {
        // What may not be read is said by the refusal, if it holds on.
        if (!key.isReadable) continue
        if (depth === MOST_DEPTH || asked++ >= MOST_ASKED || Date.now() > deadline) {
          isCut = true
          break
        }
        const fate: Fate = FATES[key.onDelete] ?? (depth === 0 ? 'blocks' : 'blocksBelow')
        const group = groupOf(found[fate], key, ctx.admin.byRelation.get(`${from.schema}.${from.name}`))
        const wanted = fate === 'goes' ? (await keysTo(key.schema, key.table)).flatMap((one) => one.targets) : []
        const texts = from.rows.map((row) => row.texts)
        const fresh = await addRows(ctx, group, key, texts, { wanted, except: fate === 'goes' ? gone : isRoot })
        group.isPartial ||= from.isPartial
        if (fate !== 'goes') continue
        for (const { place } of fresh) gone.add(place)
        const isPartial = from.isPartial || group.isOver || group.isUnknown
        if (fresh.length > 0) next.push({ schema: key.schema, name: key.table, rows: fresh, isPartial })
      }
    }
    frontier = next
  }
  // What goes as well neither stays nor, unless the key insists, holds on.
  for (const { rows: staying } of found.stays.values())
    for (const place of staying.keys()) if (gone.has(place)) staying.delete(place)
  for (const { key, rows: holding } of [...found.blocks.values(), ...found.blocksBelow.values()])
    if (key.onDelete === 'a') for (const place of holding.keys()) if (gone.has(place)) holding.delete(place)
  return { ...found, blocks: byTable(found.blocks), blocksBelow: byTable(found.blocksBelow), isCut }
}

function byTable(groups: ReadonlyMap<string, Group>): Map<string, Group> {
  const merged = new Map<string, Group>()
  for (const group of groups.values()) {
    const relation = `${group.key.schema}.${group.key.table}`
    const other = merged.get(relation)
    merged.set(
      relation,
      other
        ? {
            ...other,
            rows: new Map([...other.rows, ...group.rows]),
            conditions: [...other.conditions, ...group.conditions],
            isOver: other.isOver || group.isOver,
            isPartial: other.isPartial || group.isPartial,
            isUnknown: other.isUnknown || group.isUnknown,
          }
        : group,
    )
  }
  return merged
}

function groupOf(groups: Map<string, Group>, key: Inbound, of: Resource | undefined): Group {
  // Keys that insist are told from those that do not until it is known what goes.
  const name = `${key.schema}.${key.table} ${key.onDelete === 'r'}`
  const group = groups.get(name) ?? {
    key,
    of,
    rows: new Map(),
    conditions: [],
    isOver: false,
    isPartial: false,
    isUnknown: false,
  }
  groups.set(name, group)
  return group
}

/** Adds the rows that refer to `texts` by `key`. @returns those that were not there yet */
async function addRows(
  ctx: RequestContext,
  group: Group,
  key: Inbound,
  texts: readonly ColumnTexts[],
  { wanted, except }: { wanted: readonly string[]; except: ReadonlySet<string> },
): Promise<FoundRow[]> {
  const keys = texts.map((row) => key.targets.map((name) => row[name] ?? null))
  const where = oneOf(key, key.columns, keys)
  if (!where) return []
  const named = await nameOf(ctx, group)
  const limit = MOST_FOLLOWED + 1 + except.size
  const found = await findRows(ctx, key, where, {
    wanted: [...new Set(wanted)],
    seen: named?.where,
    limit,
  })
  if (!found) {
    group.isUnknown = true
    return []
  }
  const fresh = found.filter(({ place }) => !except.has(place) && !group.rows.has(place)).slice(0, MOST_FOLLOWED)
  for (const row of fresh) group.rows.set(row.place, row)
  group.conditions.push(where)
  group.isOver ||= found.length === limit
  return fresh
}

/** The records themselves, with what others refer to. */
async function placesOf(
  ctx: RequestContext,
  resource: Resource,
  rows: readonly StoredRow[],
  wanted: readonly string[],
): Promise<FoundRow[]> {
  const { schema, name } = resource.storage.logged
  const names = resource.keyFields.map(({ column }) => column.name)
  const keys = rows.map((row) => resource.keyFields.map((field) => row.texts[field.name] ?? null))
  const table = { schema, table: name }
  const where = names.length > 0 ? oneOf(table, names, keys) : undefined
  const asked = { wanted, limit: rows.length }
  return (where && (await findRows(ctx, table, where, asked))) ?? []
}

/** A record's texts by column. */
const textsOf = (resource: Resource, row: StoredRow): ColumnTexts =>
  Object.fromEntries([...resource.fields.values()].map(({ name, column }) => [column.name, row.texts[name] ?? null]))
