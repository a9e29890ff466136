import { type SQL, sql } from 'drizzle-orm'
import type { Executor } from '@/lib/db/client'
import { encodeRecordId } from '@/lib/db/record-id'
import { type ForeignKey, readUniqueKeys, type UniqueKey } from './constraints'
import { arrayOf } from './filters'
import { quote } from './literal'
import { factsOf, idOf, tableOf } from './present-rows'
import type { TableFacts } from './table-facts'
import { chosenBy, type UndoSelector } from './undo-selector'
import { recordKey, type UndoStep } from './undo-step'

/** Steps by record, to see what else the plan does. */
type StepIndex = ReadonlyMap<string, UndoStep>

/**
 * Adds what foreign keys and unique keys would refuse, given everything else the plan does. Asks the database set by set:
 * a query for each key, not for each record.
 * @param whole the undo the steps are a part of, as far as it is larger
 */
export async function addKeyBlockers(
  db: Executor,
  steps: readonly UndoStep[],
  tables: ReadonlyMap<string, TableFacts>,
  keys: readonly ForeignKey[],
  whole?: UndoSelector,
): Promise<void> {
  const index: StepIndex = new Map(steps.map((step) => [recordKey(step), step]))
  const own = new Set(steps.map(({ relation }) => relation))
  const parents = await factsOf(
    db,
    keys.filter(({ relation }) => own.has(relation)).map(({ parent }) => parent),
  )
  for (const key of keys) {
    const parent = parents.get(key.parent)
    if (own.has(key.relation) && parent) await addMissingParents(db, steps, key, parent, index, whole)
  }
  const children = await factsOf(
    db,
    keys.filter(({ parent }) => own.has(parent)).map(({ relation }) => relation),
  )
  for (const key of keys) {
    const child = children.get(key.relation)
    if (own.has(key.parent) && child) await addChildren(db, steps, key, child, index, whole)
  }
  for (const unique of await readUniqueKeys(db, [...own])) {
    const facts = tables.get(unique.relation)
    if (facts && facts.key.length > 0) await addTaken(db, steps, unique, facts, index, whole)
  }
}

/** Rows of values to look for, one for each step that has them all. */
interface Sought {
  steps: UndoStep[]
  /** Column by column, as arrays of texts. */
  columns: string[][]
}

function sought(
  steps: readonly UndoStep[],
  columns: readonly string[],
  valuesOf: (step: UndoStep) => (string | null)[] | undefined,
): Sought {
  const found: Sought = { steps: [], columns: columns.map(() => []) }
  for (const step of steps) {
    const values = valuesOf(step)
    if (!values || values.some((value) => value === null)) continue // a NULL is never compared by a key
    found.steps.push(step)
    for (const [at, value] of values.entries()) found.columns[at]!.push(value!)
  }
  return found
}

/** `from unnest(…) with ordinality as v(c1, c2, …, place)` */
const unnested = ({ columns }: Sought) =>
  sql`unnest(${sql.join(columns.map(arrayOf), sql`, `)}) with ordinality as v(${sql.raw([...columns.map((_, at) => `c${at}`), 'place'].join(', '))})`

/** That the rest of the undo brings the record `id` (an expression) back. */
const comesBack = (whole: UndoSelector | undefined, relation: string, id: SQL) =>
  whole ? anyOf(whole, relation, id, sql`f.op = 'delete'`) : sql`false`

/** That the rest of the undo removes the record `id`, or changes one of these columns of it: what it has there is free. */
const letsGo = (whole: UndoSelector | undefined, relation: string, id: SQL, columns: readonly string[]) =>
  whole ? anyOf(whole, relation, id, sql`(f.op = 'insert' or f.before ?| ${arrayOf(columns)})`) : sql`false`

/**
 * That the whole has such a change of the record. Read by the record's own index, row by row: `limit` keeps this from becoming
 * a join, `coalesce` keeps the selector from being looked up first, which for each row would read all of the undo.
 */
const anyOf = (whole: UndoSelector, relation: string, id: SQL, condition: SQL) => sql`coalesce((
  select true from kontor.changes as f where f.relation = ${relation} and left(f.record_id, 500) = left(${id}, 500)
    and f.record_id = ${id} and ${condition} and coalesce(${chosenBy(whole, 'f')}, false) limit 1), false)`

const matching = (facts: TableFacts, names: readonly string[]) =>
  sql.raw(
    names
      .map(
        (name, at) => `t.${quote(name)} = v.c${at}::${facts.columns.find((column) => column.name === name)?.sqlType}`,
      )
      .join(' and '),
  )

async function addMissingParents(
  db: Executor,
  steps: readonly UndoStep[],
  key: ForeignKey,
  parent: TableFacts,
  index: StepIndex,
  whole: UndoSelector | undefined,
) {
  const asked = sought(steps, key.columns, (step) =>
    step.relation === key.relation && step.kind !== 'remove' && key.columns.some((column) => column in step.values)
      ? pointsAt(step, key)
      : undefined,
  )
  if (asked.steps.length === 0) return
  // A reference by another unique key does not say the record's id.
  const isByKey = parent.key.every((column) => key.parentColumns.includes(column))
  const idOfParent = (step: UndoStep) => {
    const values = pointsAt(step, key)
    return encodeRecordId(parent.key.map((column) => values[key.parentColumns.indexOf(column)] ?? ''))
  }
  const withIds = { ...asked, columns: [...asked.columns, asked.steps.map(idOfParent)] }
  const id = sql.raw(`v.c${asked.columns.length}`)
  const missing = await db.execute<{ place: string }>(sql`select v.place::text as place from ${unnested(withIds)}
    where not exists (select from ${tableOf(parent)} as t where ${matching(parent, key.parentColumns)})
      and not ${isByKey ? comesBack(whole, key.parent, id) : sql`false`}`)
  const restored = new Set(
    [...index.values()]
      .filter(({ relation, kind }) => relation === key.parent && kind === 'restore')
      .map(({ values }) => JSON.stringify(key.parentColumns.map((column) => values[column] ?? null))),
  )
  for (const { place } of missing) {
    const step = asked.steps[Number(place) - 1]!
    const values = pointsAt(step, key)
    if (restored.has(JSON.stringify(values))) continue
    step.blockers.push({
      kind: 'parent_gone',
      columns: key.columns,
      records: isByKey ? [{ relation: key.parent, recordId: idOfParent(step) }] : undefined,
      canSkip: true,
    })
  }
}

/** What the record will point at once the step is taken. */
const pointsAt = (step: UndoStep, key: ForeignKey): (string | null)[] =>
  key.columns.map((column) => {
    const value = column in step.values ? step.values[column] : step.now[column]
    return typeof value === 'string' ? value : null
  })

const SHOWN_CHILDREN = 5
const CHILDREN_READ = 10_001

async function addChildren(
  db: Executor,
  steps: readonly UndoStep[],
  key: ForeignKey,
  child: TableFacts,
  index: StepIndex,
  whole: UndoSelector | undefined,
) {
  const asked = sought(steps, key.parentColumns, (step) =>
    step.relation === key.parent && step.kind === 'remove'
      ? key.parentColumns.map((column) => (typeof step.now[column] === 'string' ? (step.now[column] as string) : null))
      : undefined,
  )
  if (asked.steps.length === 0) return
  const id = child.key.length > 0 ? sql.raw(idOf(child, 't')) : sql`null::text`
  const rows = await db.execute<{ place: string; id: string | null }>(sql`select v.place::text as place, ${id} as id
    from ${unnested(asked)} join ${tableOf(child)} as t on ${matching(child, key.columns)}
    where not ${letsGo(whole, key.relation, id, key.columns)} limit ${CHILDREN_READ}`)
  const left = new Map<UndoStep, string[]>()
  for (const { place, id: recordId } of rows) {
    const step = asked.steps[Number(place) - 1]!
    const own = recordId === null ? undefined : index.get(recordKey({ relation: key.relation, recordId }))
    const leaves = own && (own.kind === 'remove' || key.columns.some((column) => column in own.values))
    if (!leaves) left.set(step, [...(left.get(step) ?? []), recordId ?? '?'])
  }
  for (const [step, ids] of left) {
    const records = ids.slice(0, SHOWN_CHILDREN).map((recordId) => ({ relation: key.relation, recordId }))
    step.blockers.push({
      kind: 'children',
      columns: key.columns,
      records,
      ...(ids.length > records.length && { hasMore: true }),
      canSkip: false,
    })
  }
}

async function addTaken(
  db: Executor,
  steps: readonly UndoStep[],
  unique: UniqueKey,
  facts: TableFacts,
  index: StepIndex,
  whole: UndoSelector | undefined,
) {
  const asked = sought(steps, unique.columns, (step) =>
    step.relation === unique.relation &&
    step.kind !== 'remove' &&
    unique.columns.some((column) => column in step.values)
      ? unique.columns.map((column) => {
          const value = column in step.values ? step.values[column] : step.now[column]
          return typeof value === 'string' ? value : null
        })
      : undefined,
  )
  if (asked.steps.length === 0) return
  const id = sql.raw(idOf(facts, 't'))
  const rows = await db.execute<{ place: string; id: string }>(sql`select v.place::text as place, ${id} as id
    from ${unnested(asked)} join ${tableOf(facts)} as t on ${matching(facts, unique.columns)}
    where not ${letsGo(whole, unique.relation, id, unique.columns)}`)
  for (const { place, id: recordId } of rows) {
    const step = asked.steps[Number(place) - 1]!
    if (recordId === step.recordId) continue
    const own = index.get(recordKey({ relation: unique.relation, recordId }))
    if (own && (own.kind === 'remove' || unique.columns.some((column) => column in own.values))) continue
    step.blockers.push({
      kind: 'unique_taken',
      columns: unique.columns,
      records: [{ relation: unique.relation, recordId }],
      canSkip: step.kind === 'set',
    })
  }
}
