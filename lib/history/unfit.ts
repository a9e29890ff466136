import { sql } from 'drizzle-orm'
import type { Executor } from '@/lib/db/client'
import { groupBy } from '@/lib/db/group-by'
import { arrayOf } from './filters'
import { literal } from './literal'
import type { ColumnFacts, TableFacts } from './table-facts'
import type { UndoStep } from './undo-step'

/** A text, and the column that is to hold it. */
interface Tried {
  text: string
  column: ColumnFacts
}

/**
 * Which texts their columns cannot hold as they are today, because a label was renamed, a column narrowed or made another
 * type since. PostgreSQL 16 and newer can tell.
 */
export async function unfitting(db: Executor, tried: readonly Tried[]): Promise<Tried[]> {
  const doubtful = tried.filter(({ column }) => !isAnyText(column))
  if (doubtful.length === 0) return []
  const asked = [...groupBy(doubtful, ({ column, text }) => `${column.sqlType}\0${text}`).values()]
  const rows = await db.execute<{ place: string }>(sql`
    select v.place::text as place from unnest(${arrayOf(asked.map(([first]) => first!.text))},
      ${arrayOf(asked.map(([first]) => first!.column.sqlType))}) with ordinality as v(value, type, place)
    where not pg_input_is_valid(v.value, v.type)`)
  return rows.flatMap(({ place }) => asked[Number(place) - 1]!)
}

/**
 * A logged text as its column holds it today. One that it cannot hold any more is NULL, where the server can tell: it must
 * not hide everything else that is read along with it.
 */
export function asColumn({ canTryTypes }: Pick<TableFacts, 'canTryTypes'>, column: ColumnFacts, text: string): string {
  const { sqlType, typeKind, baseType } = column
  const value = `${text}::${sqlType}`
  // A cast cuts a text to its length.
  if (!canTryTypes || (typeKind === 'b' && TEXTS.has(baseType))) return value
  return `case when pg_input_is_valid(${text}, ${literal(sqlType)}) then ${value} end`
}

const TEXTS: ReadonlySet<string> = new Set(['text', 'varchar', 'bpchar', 'name'])

/** Whether every text is a value of the column: of the kinds of text, those that have no length. */
export const isAnyText = ({ typeKind, baseType, modifier }: ColumnFacts) =>
  typeKind === 'b' && TEXTS.has(baseType) && baseType !== 'name' && modifier < 0

/** Takes values that their columns can no longer hold out of the steps, and says so. */
export async function addUnfit(
  db: Executor,
  steps: readonly UndoStep[],
  tables: ReadonlyMap<string, TableFacts>,
): Promise<void> {
  const tried = steps.flatMap((step) => {
    const facts = tables.get(step.relation)
    if (!facts?.canTryTypes) return []
    return facts.columns.flatMap((column) => {
      const text = step.values[column.name]
      return typeof text === 'string' && text !== step.now[column.name] ? [{ step, column, text }] : []
    })
  })
  const unfit = new Set<Tried>(await unfitting(db, tried))
  for (const one of tried) {
    if (!unfit.has(one)) continue
    const { step, column } = one
    const isNeeded = step.kind === 'restore' && column.notNull && !column.hasDefault && column.identity === null
    const canSkip = !tables.get(step.relation)?.key.includes(column.name)
    delete step.values[column.name]
    step.conflicts = step.conflicts.filter((conflict) => conflict.column !== column.name)
    step.blockers.push(
      isNeeded && canSkip
        ? { kind: 'column_required', columns: [column.name], canSkip: false }
        : { kind: 'unfit', columns: [column.name], canSkip },
    )
  }
}
