import { PINNED_OUTPUT } from '@/lib/db/client'
import { valueCap } from './column-text'
import { literal, quote } from './literal'
import { rowBody } from './row-trigger'
import { statementBody } from './statement-trigger'
import type { TableFacts } from './table-facts'
import { functionName, type TrackedTable } from './tracked-table'
import type { FunctionPlan, Granularity } from './trigger-parts'

/** Wider tables would exceed what one SELECT may return: their rows are logged one by one. */
const WIDEST_SET = 400

export interface FunctionSource {
  name: string
  /** Settings the function runs under, so that a value's text depends on nobody's session. */
  settings: Record<string, string>
  body: string
}

/**
 * Statement triggers fire neither for writes that name a partition or an inheriting table's parent nor, with transition
 * tables, on a partition; without a key old and new rows cannot be paired; virtual columns cannot be read there. And they
 * come after all row triggers: what those do to the same rows would be logged before what made them do it.
 */
export function granularityOf(facts: TableFacts): Granularity {
  const isWhole = !facts.isPartitioned && facts.partitionOf === null && !facts.hasKin
  const isReadable = facts.columns.length <= WIDEST_SET && !facts.columns.some(({ isVirtual }) => isVirtual)
  return isWhole && isReadable && facts.key.length > 0 && !facts.isNested ? 'statement' : 'row'
}

type OutputSetting = keyof typeof PINNED_OUTPUT

/** Types whose text depends on settings, and on which. */
const DEPENDS: Readonly<Record<string, readonly OutputSetting[]>> = {
  date: ['DateStyle'],
  timestamp: ['DateStyle'],
  timestamptz: ['DateStyle', 'TimeZone'],
  interval: ['IntervalStyle'],
  float4: ['extra_float_digits'],
  float8: ['extra_float_digits'],
  bytea: ['bytea_output'],
  money: ['lc_monetary'],
}

/** Types whose text depends on none. */
const FREE = new Set(
  'bool int2 int4 int8 oid text varchar bpchar char name uuid numeric json jsonb inet cidr macaddr macaddr8 bit varbit time timetz pg_lsn xid8'.split(
    ' ',
  ),
)

/**
 * The output settings a table's values depend on: each that a function pins costs every call of it, and looking up a locale
 * is dear. Where a column's type is not known to be free of them, all are pinned.
 */
function pinnedFor({ columns }: TableFacts): Partial<Record<OutputSetting, string>> {
  const needed = new Set<OutputSetting>()
  for (const { baseType, typeKind } of columns) {
    if (typeKind === 'e' || FREE.has(baseType.replace(/^_/, ''))) continue
    for (const setting of DEPENDS[baseType.replace(/^_/, '')] ?? (Object.keys(PINNED_OUTPUT) as OutputSetting[]))
      needed.add(setting)
  }
  return Object.fromEntries(Object.entries(PINNED_OUTPUT).filter(([setting]) => needed.has(setting as OutputSetting)))
}

/** The trigger function that logs `table`, as it should be for the columns the table has today. */
export function functionSource(facts: TableFacts, table: TrackedTable): FunctionSource {
  const secret = new Set(table.redact)
  const ignored = new Set(table.ignore)
  const plan: FunctionPlan = {
    facts,
    granularity: granularityOf(facts),
    logged: facts.columns.filter(({ name, isVirtual }) => !secret.has(name) && !ignored.has(name) && !isVirtual),
    secret: facts.columns.filter(({ name, isVirtual }) => secret.has(name) && !isVirtual),
    key: facts.key.map((name) => facts.columns.find((column) => column.name === name)!),
    cap: valueCap(facts.columns),
    reactions: table.reactions ?? [],
  }
  return {
    name: functionName(table),
    settings: { search_path: 'pg_catalog, pg_temp', ...pinnedFor(facts) },
    body: plan.granularity === 'statement' ? statementBody(plan) : rowBody(plan),
  }
}

/** `CREATE OR REPLACE FUNCTION` for a source. */
export function createFunction({ name, settings, body }: FunctionSource): string {
  const pinned = Object.entries(settings).map(([setting, value]) =>
    setting === 'search_path' ? `SET search_path = ${value}` : `SET ${setting} = ${literal(value)}`,
  )
  return `CREATE OR REPLACE FUNCTION kontor.${quote(name)}() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
${pinned.join(' ')}
AS ${dollarQuoted(body)}`
}

/** Column names may hold anything, a dollar quote too. */
function dollarQuoted(body: string): string {
  let tag = '$kontor$'
  while (body.includes(tag)) tag = `${tag.slice(0, -1)}_$`
  return `${tag}${body}${tag}`
}
