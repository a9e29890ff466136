import { type SQL, sql } from 'drizzle-orm'
import { postgresErrorOf } from '@/lib/db/postgres-errors'
import { encodeRecordId } from '@/lib/db/record-id'
import { AdminError, type FieldErrors } from '@/lib/errors'
import { keyCondition } from '@/lib/storage'
import type { RequestContext } from '../context'
import { rowCondition } from '../policy'
import { titleOf } from '../record'
import type { Field, Resource } from '../tree'
import { checkRuleWords } from './check-rule'
import { readTableRules, type TableRules } from './constraints'
import type { Draft } from './draft'
import { takenMessage } from './explain'
import { heldKey } from './held-key'

/** What a person's write had come to when it was refused. */
export interface Attempt {
  draft?: Draft
  /** The record it was to change; undefined for a new one. */
  id?: string
}

/** A database says the first thing that is wrong with a row, and says it after everything that we ask ourselves. */
const REFUSALS = new Set(['invalid', 'conflict', 'hook_rejected'])

/** What is wrong with a value by itself, of which the database does not say where it stood: told better by its field. */
function isOfSomeValue(cause: unknown): boolean {
  const found = postgresErrorOf(cause)
  return found !== undefined && (found.code.startsWith('22') || (found.code === '23514' && !found.table_name))
}

/**
 * Adds to a refusal what else the write would have been refused for, so that a person mends all of it in one round. Costs
 * nothing where nothing was refused. Runs after the rollback.
 * @returns the error to throw
 */
export async function withAllThatIsWrong(
  error: unknown,
  ctx: RequestContext,
  resource: Resource,
  attempt: Attempt,
): Promise<unknown> {
  const { draft } = attempt
  if (!(error instanceof AdminError) || !REFUSALS.has(error.code) || !draft || !error.details.fields) return error
  const said = error.details.fields
  // Whatever keeps it from being found out, what refused the write is known.
  const found = await foresee(ctx, resource, { ...attempt, draft }, said).catch(() => undefined)
  const more = found?.errors ?? {}
  if (Object.keys(more).length === 0) return error
  const { '': general, ...own } = said
  const isSaidBetter = found?.isUnreadable && isOfSomeValue(error.cause)
  const fields = { ...(general && !isSaidBetter && { '': general }), ...own, ...more }
  const [first] = Object.values(more)
  const message = Object.keys(fields).length > 1 ? 'Some fields need another look.' : (first?.[0] ?? error.message)
  return new AdminError(
    error.code,
    general && !isSaidBetter ? error.message : message,
    { ...error.details, fields },
    { cause: error.cause },
  )
}

async function foresee(
  ctx: RequestContext,
  resource: Resource,
  attempt: Attempt & { draft: Draft },
  said: FieldErrors,
): Promise<{ errors: FieldErrors; isUnreadable: boolean }> {
  const rules = await readTableRules(ctx.db, resource)
  const row = new Row(resource, attempt, rules, said)
  const errors: FieldErrors = {}
  const note = (found: readonly (readonly [Field, string] | undefined)[]) => {
    for (const one of found) {
      if (!one || said[one[0].name] || errors[one[0].name]) continue
      errors[one[0].name] = [one[1]]
      row.distrust(one[0])
    }
  }
  note(missing(ctx, resource, attempt))
  const values = await unreadable(ctx, row, rules)
  note(values)
  const { id, draft } = attempt
  const [checks, uniques, foreignKeys, held] = await Promise.all([
    each(rules.checks, (check) => broken(ctx, resource, row, check)),
    each(rules.uniques, (unique) => taken(ctx, resource, row, unique)),
    each(rules.foreignKeys, (key) => dangling(ctx, row, key)),
    each(id === undefined ? [] : [id], (one) => heldKey(ctx, resource, one, draft)),
  ])
  note([...checks, ...uniques, ...foreignKeys, ...held])
  return { errors, isUnreadable: values.some((value) => value !== undefined) }
}

/** One that cannot be asked, of an operator or a function that is not there for us, keeps no other from being asked. */
function each<T, R>(list: readonly T[], ask: (one: T) => Promise<R | undefined>): Promise<(R | undefined)[]> {
  return Promise.all(list.map((one) => ask(one).catch(() => undefined)))
}

type Found = readonly [Field, string] | undefined

/** The row as it would have been, as far as that is known. */
class Row {
  readonly #fields: ReadonlyMap<string, Field>
  readonly #distrusted = new Set<string>()

  constructor(
    private readonly resource: Resource,
    private readonly attempt: Attempt & { draft: Draft },
    private readonly rules: TableRules,
    said: FieldErrors,
  ) {
    this.#fields = new Map([...resource.fields.values()].map((field) => [field.column.name, field]))
    for (const name of Object.keys(said)) this.#distrusted.add(name)
  }

  /** What is wrong by itself says nothing about the rest. */
  distrust(field: Field): void {
    this.#distrusted.add(field.name)
  }

  field(column: string): Field | undefined {
    return this.#fields.get(column)
  }

  isWritten(column: string): boolean {
    const name = this.field(column)?.name
    return name !== undefined && this.attempt.draft.changes(name)
  }

  /** The columns that are written, and can be asked about, with their texts. */
  written(): { field: Field; type: string; text: string }[] {
    return [...this.rules.columns].flatMap(([column, { type }]) => {
      const field = this.field(column)
      const text = field && this.isWritten(column) && this.isKnown(column) ? this.attempt.draft.text(field.name) : null
      return field && text !== null ? [{ field, type, text }] : []
    })
  }

  isKnown(column: string): boolean {
    const rule = this.rules.columns.get(column)
    const field = this.field(column)
    if (!rule || rule.isGenerated || (field && this.#distrusted.has(field.name))) return false
    if (this.attempt.id !== undefined || this.isWritten(column)) return true
    // A hook that had no turn yet may give what nobody gave.
    return !rule.hasDefault && field !== undefined && !field.isRequired
  }

  /** Its columns as a subselect with one row, named like the table so that the catalogue's expressions can be asked. */
  source(columns: readonly string[]): SQL {
    const { id, draft } = this.attempt
    const values = columns.map((column) => {
      const field = this.field(column)
      const type = sql.raw(this.rules.columns.get(column)?.type ?? 'text')
      const isGiven = field && (id === undefined || this.isWritten(column))
      const value = isGiven ? sql`${draft.text(field.name)}::text::${type}` : sql`"stored".${sql.identifier(column)}`
      return sql`${value} as ${sql.identifier(column)}`
    })
    const stored =
      id === undefined
        ? sql``
        : sql`from ${this.resource.storage.source()} as "stored" where ${this.isItself('stored') ?? sql`false`}`
    return sql`(select ${sql.join(values, sql`, `)} ${stored}) as ${sql.identifier(this.resource.shape.name)}`
  }

  /** Whether a row is the one that is changed; undefined for a new one. */
  isItself(alias: string): SQL | undefined {
    const { id } = this.attempt
    const columns = this.resource.keyFields.map(({ column }) => column)
    return id === undefined ? undefined : keyCondition(columns, id, alias)
  }
}

/** What has to be given and is not, of what this person may give. Later, hooks have had their say, and it was asked. */
function missing(ctx: RequestContext, resource: Resource, { draft, id }: Attempt & { draft: Draft }): Found[] {
  return [...resource.fields.values()].map((field) => {
    const value = draft.values[field.name]
    const isGiven = field.name in draft.values && value !== undefined
    const isMissing = isGiven
      ? value === null && field.column.notNull
      : id === undefined && field.isRequired && field.isAskedFor && field.create(ctx) === 'editable' && field.read(ctx)
    return isMissing ? ([field, `${field.label} is needed.`] as const) : undefined
  })
}

/** Texts that their types, or the rules of their domains, do not take. */
async function unreadable(ctx: RequestContext, row: Row, rules: TableRules): Promise<Found[]> {
  const written = row.written()
  if (!rules.explainsInput || written.length === 0) return []
  const asked = written.map(
    ({ text, type }, at) =>
      sql`select ${at}::int as at, e.* from pg_input_error_info(${text}::text, ${type}::text) as e`,
  )
  const rows = await ctx.db.execute<{ at: number; message: string | null; sql_error_code: string | null }>(
    sql.join(asked, sql` union all `),
  )
  return rows.map(({ at, message, sql_error_code: code }) => {
    const field = written[at]?.field
    return field && code && message !== null ? ([field, inputWords(code, message, field, rules)] as const) : undefined
  })
}

function inputWords(code: string, message: string, { column }: Field, rules: TableRules): string {
  if (code === '22001') return 'Too long for its column. Shorten it.'
  if (code === '22003') return 'Out of the range its column can hold.'
  const domain = rules.columns.get(column.name)?.domain
  const rule = domain?.[/constraint "(.+)"/.exec(message)?.[1] ?? '']
  if (code === '23514' && rule) return checkRuleWords(rule, () => undefined)
  return `Cannot be read: ${message}.`
}

async function broken(
  ctx: RequestContext,
  resource: Resource,
  row: Row,
  { rule, columns }: TableRules['checks'][number],
): Promise<Found> {
  if (!columns.every((column) => row.isKnown(column))) return undefined
  const [answer] = await ctx.db.execute<{ holds: boolean | null }>(
    sql`select (${sql.raw(rule)}) as holds from ${row.source(columns)}`,
  )
  const field = row.field(columns[0] ?? '')
  if (answer?.holds !== false || !field) return undefined
  return [field, checkRuleWords(rule, (column) => labelOf(resource, column))]
}

const labelOf = (resource: Resource, column: string) =>
  [...resource.fields.values()].find((field) => field.column.name === column)?.label

async function taken(
  ctx: RequestContext,
  resource: Resource,
  row: Row,
  { parts, indexed, columns, where }: TableRules['uniques'][number],
): Promise<Found> {
  if (!columns.some((column) => row.isWritten(column)) || !columns.every((column) => row.isKnown(column)))
    return undefined
  const given = row.source(columns)
  const table = sql.identifier(resource.shape.name)
  const same = parts.map((part) => sql`(${sql.raw(part)}) = (select (${sql.raw(part)}) from ${given})`)
  const within = where ? [sql`(${sql.raw(where)})`, sql`(select (${sql.raw(where)}) from ${given})`] : []
  const itself = row.isItself(resource.shape.name)
  const conditions = [...same, ...within, ...(itself ? [sql`not (${itself})`] : [])]
  const key = resource.keyFields.map(
    ({ column }, at) => sql`${table}.${sql.identifier(column.name)}::text as ${sql.identifier(`k${at}`)}`,
  )
  const [found] = await ctx.db.execute<Record<string, string>>(sql`
    select ${sql.join([...key, sql`1`], sql`, `)} from ${resource.storage.source()} as ${table}
    where ${sql.join(conditions, sql` and `)} limit 1`)
  const fields = (indexed.length > 0 ? indexed : columns).flatMap((column) => row.field(column) ?? [])
  if (!found || !fields[0]) return undefined
  const id = encodeRecordId(key.map((_, at) => found[`k${at}`] ?? ''))
  return [fields[0], takenMessage(fields, key.length > 0 ? await nameOf(ctx, resource, id) : undefined)]
}

/** What a record is called, where the person may see it. */
async function nameOf(ctx: RequestContext, resource: Resource, id: string): Promise<string | undefined> {
  try {
    const where = await rowCondition(ctx, resource, 'read', 't')
    const found = await resource.storage.load(ctx.db, id, { where })
    return found && titleOf(resource, found.texts, found.id)
  } catch {
    return undefined // not allowed to know
  }
}

async function dangling(
  ctx: RequestContext,
  row: Row,
  { columns, target, targetColumns }: TableRules['foreignKeys'][number],
): Promise<Found> {
  if (!columns.some((column) => row.isWritten(column)) || !columns.every((column) => row.isKnown(column)))
    return undefined
  const names = columns.map((column) => sql`"given".${sql.identifier(column)}`)
  const same = names.map((name, at) => sql`"target".${sql.identifier(targetColumns[at] ?? '')} = ${name}`)
  const isWhole = names.map((name) => sql`${name} is not null`)
  const [answer] = await ctx.db.execute<{ dangles: boolean }>(sql`
    select ${sql.join(isWhole, sql` and `)} and not exists (select from ${sql.raw(target)} as "target"
      where ${sql.join(same, sql` and `)}) as dangles
    from (select * from ${row.source(columns)}) as "given"`)
  const field = row.field(columns[0] ?? '')
  if (!answer?.dangles || !field) return undefined
  return [field, 'What this points at does not exist (any more). Choose another.']
}
