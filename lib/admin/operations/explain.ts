import { sql } from 'drizzle-orm'
import { isConnectionLost, type PostgresError, postgresErrorOf } from '@/lib/db/postgres-errors'
import { encodeRecordId } from '@/lib/db/record-id'
import { AdminError, type FieldErrors } from '@/lib/errors'
import type { RequestContext } from '../context'
import { isAllowed, rowCondition } from '../policy'
import { titleOf } from '../record'
import type { Field, Resource } from '../tree'
import { checkRuleWords } from './check-rule'
import { isHeldBack, isSingle, referring } from './holder-words'
import { whatDeletingDoes } from './holders'

interface Scene {
  ctx: RequestContext
  resource: Resource
}

/**
 * What went wrong in a write, as an AdminError a person can read: violated constraints become messages on their
 * fields. Anything unknown is given back as it is, for the caller to log. Runs after the rollback, so it may ask the
 * database for names.
 */
export async function explain(error: unknown, scene: Scene): Promise<unknown> {
  if (error instanceof AdminError) return error
  if (isConnectionLost(error))
    return new AdminError(
      'unavailable',
      'The database cannot be reached just now. Nothing was saved; try again in a moment.',
      {},
      { cause: error },
    )
  const found = postgresErrorOf(error)
  const speak = found && SENTENCES[found.code]
  return speak ? ((await speak(found, scene)) ?? error) : error
}

type Sentence = (error: PostgresError, scene: Scene) => AdminError | undefined | Promise<AdminError | undefined>

/** By SQLSTATE (PostgreSQL, appendix A). */
const SENTENCES: Record<string, Sentence> = {
  '23505': explainUnique,
  '23P01': (error, scene) =>
    onColumns(error, scene, 'conflict', 'Overlaps with another record. Choose something else.'),
  '23503': explainForeignKey,
  // ON DELETE RESTRICT, from PostgreSQL 18 on.
  '23001': explainForeignKey,
  '23502': (error, { resource }) => {
    const field = fieldOfColumn(resource, error.column_name)
    const message = `${field?.label ?? error.column_name} is needed.`
    return new AdminError('invalid', message, { fields: { [field?.name ?? '']: [message] } }, { cause: error })
  },
  '23514': explainCheck,
  '22001': (error) => general(error, 'A text is too long for its column. Shorten it.'),
  '22003': (error) => general(error, 'A number is out of the range its column can hold.'),
  '22021': (error) => general(error, 'A text holds characters the database cannot store.'),
  '22P02': (error) => general(error, `A value cannot be read: ${error.message}.`),
  '22P05': (error) => general(error, 'A text holds characters the database cannot store.'),
  '22007': (error) => general(error, `A date or time cannot be read: ${error.message}.`),
  '22008': (error) => general(error, `A date or time is out of range: ${error.message}.`),
  '428C9': (error) => general(error, 'A column that the database computes cannot be written.'),
  '42501': (error) =>
    new AdminError(
      'forbidden',
      'The database does not allow the application to write here. An administrator has to grant the right.',
      {},
      { cause: error },
    ),
  '44000': (error) => general(error, 'The view does not allow this value.'),
  '57014': (error) =>
    new AdminError(
      'timeout',
      'The database took too long and was stopped. Nothing was saved; try again.',
      {},
      { cause: error },
    ),
  '55P03': (error) =>
    new AdminError(
      'conflict',
      'Somebody else is changing this record right now. Try again in a moment.',
      {},
      { cause: error },
    ),
  '40001': (error) =>
    new AdminError('conflict', 'Other changes got in the way three times. Try again.', {}, { cause: error }),
  '40P01': (error) =>
    new AdminError('conflict', 'Other changes got in the way three times. Try again.', {}, { cause: error }),
  // RAISE EXCEPTION in a trigger: written for whoever writes the row.
  P0001: (error) =>
    new AdminError('hook_rejected', `The database turned it down: ${error.message}`, {}, { cause: error }),
}

const general = (cause: PostgresError, message: string) =>
  new AdminError('invalid', message, { fields: { '': [message] } }, { cause })

async function explainUnique(error: PostgresError, scene: Scene): Promise<AdminError> {
  const holder = resourceOfError(error, scene)
  const names = await columnsOf(error, scene)
  const fields = names.flatMap((name) => fieldOfColumn(holder, name) ?? [])
  const values = keyOfDetail(error.detail, names.length)
  const taker = fields.length === names.length ? await nameOfTaker(scene, holder, fields, values) : undefined
  const message = takenMessage(fields, taker)
  return onFields(error, scene, holder, fields.slice(0, 1), 'invalid', message)
}

/** What to say where another record has the values of these fields already. @param taker its name, where it may be told */
export function takenMessage(fields: readonly Field[], taker: string | undefined): string {
  const others = fields.slice(1).map(({ label }) => label)
  const together = others.length > 0 ? ` together with ${others.join(' and ')}` : ''
  return taker ? `Taken by “${taker}”${together}. Choose another.` : `Already taken${together}. Choose another.`
}

/** The record that already has the values, where the person may see it. */
async function nameOfTaker(
  { ctx }: Scene,
  resource: Resource,
  fields: readonly Field[],
  values: string[] | undefined,
): Promise<string | undefined> {
  if (!values || resource.keyFields.length === 0) return undefined
  try {
    const mine = await rowCondition(ctx, resource, 'read', 't')
    const same = fields.map(({ column }, at) => sql`"t".${sql.identifier(column.name)} = ${values[at]}`)
    const key = resource.keyFields.map(({ column }) => sql`"t".${sql.identifier(column.name)}::text`)
    const rows = await ctx.db.execute<{ id: string }>(sql`
      select ${key[0]} as id from ${resource.storage.source()} as "t"
      where ${sql.join([...same, ...(mine ? [mine] : [])], sql` and `)} limit 1`)
    const id = resource.keyFields.length === 1 ? rows[0]?.id : undefined
    const row = id === undefined ? undefined : await resource.storage.load(ctx.db, id)
    return row && titleOf(resource, row.texts, row.id)
  } catch {
    return undefined // not allowed to know, or the values cannot be compared: "Already taken." says enough
  }
}

async function explainForeignKey(error: PostgresError, scene: Scene): Promise<AdminError> {
  if (!isHeldBack(error)) {
    return onColumns(error, scene, 'invalid', 'What this points at does not exist (any more). Choose another.')
  }
  const holder = scene.ctx.admin.byRelation.get(`${error.schema_name}.${error.table_name}`)
  const isSeen = holder && (await holder.authorize(scene.ctx, 'list').catch(() => false)) !== false
  const message = (await inUse(error, scene)) ?? heldByOne(error, scene, isSeen ? holder : undefined)
  return new AdminError(
    'conflict',
    message,
    { fields: { '': [message] }, heldBy: isSeen ? holder.key : undefined },
    { cause: error },
  )
}

/** All that holds on to the record, with counts; undefined where the record cannot be told from the error. */
async function inUse(error: PostgresError, { ctx, resource }: Scene): Promise<string | undefined> {
  try {
    const held = await heldRecord(error, ctx)
    const { blocks } = held ? await whatDeletingDoes(ctx, held.resource, [held.row]) : { blocks: [] }
    if (!held || blocks.length === 0) return undefined
    const { singular } = held.resource
    const isListed = await isAllowed(ctx, held.resource, 'list')
    const subject =
      held.resource === resource
        ? `${singular} “${titleOf(resource, held.row.texts, held.row.id)}”`
        : `${isListed ? singular : 'A record'} that would go with it`
    return `${subject} is still in use: ${referring(blocks)} to it. Change or delete ${isSingle(blocks) ? 'that' : 'those'} first.`
  } catch {
    return undefined // what refused it is known all the same
  }
}

function heldByOne(error: PostgresError, { resource }: Scene, holder: Resource | undefined): string {
  const who = holder ? holder.plural.toLowerCase() : `records in “${error.table_name}”`
  return `${resource.singular} is still in use: ${who} refer to it. Change or delete those first.`
}

/** The record that could not go: the deleted one, one of several, or one that would have gone with it. */
async function heldRecord(error: PostgresError, ctx: RequestContext) {
  const [key] = await ctx.db.execute<{ relation: string; columns: string[] }>(sql`
    select n.nspname || '.' || c.relname as relation,
      (select array_agg(a.attname::text order by o.place) from unnest(k.confkey) with ordinality as o(number, place)
        join pg_attribute a on a.attrelid = k.confrelid and a.attnum = o.number) as columns
    from pg_constraint k join pg_class c on c.oid = k.confrelid join pg_namespace n on n.oid = c.relnamespace
    where k.conname = ${error.constraint_name ?? ''} and k.contype = 'f'
      and k.conrelid = to_regclass(format('%I.%I', ${error.schema_name ?? ''}::text, ${error.table_name ?? ''}::text))`)
  const resource = key && ctx.admin.byRelation.get(key.relation)
  const values = key && keyOfDetail(error.detail, key.columns.length)
  if (!resource || !values) return undefined
  const parts = resource.keyFields.map(({ column }) => values[key.columns.indexOf(column.name)])
  if (parts.length !== values.length || parts.some((part) => part === undefined)) return undefined
  const row = await resource.storage.load(ctx.db, encodeRecordId(parts as string[]))
  return row && { resource, row }
}

async function explainCheck(error: PostgresError, scene: Scene): Promise<AdminError> {
  const rows = await scene.ctx.db
    .execute<{ rule: string }>(sql`select pg_get_expr(conbin, conrelid) as rule from pg_constraint
      where conname = ${error.constraint_name ?? ''} and conbin is not null
      and (conrelid = to_regclass(format('%I.%I', ${error.schema_name ?? ''}::text, ${error.table_name ?? ''}::text)) or conrelid = 0) limit 1`)
    .catch(() => [])
  const holder = resourceOfError(error, scene)
  const rule = rows[0] && checkRuleWords(rows[0].rule, (column) => fieldOfColumn(holder, column)?.label)
  return onColumns(error, scene, 'invalid', rule ?? `Does not fit the rule “${error.constraint_name}”.`)
}

async function onColumns(
  error: PostgresError,
  scene: Scene,
  code: 'invalid' | 'conflict',
  message: string,
): Promise<AdminError> {
  const holder = resourceOfError(error, scene)
  const fields = (await columnsOf(error, scene)).flatMap((name) => fieldOfColumn(holder, name) ?? [])
  return onFields(error, scene, holder, fields.slice(0, 1), code, message)
}

function onFields(
  cause: PostgresError,
  { resource }: Scene,
  holder: Resource,
  fields: readonly Field[],
  code: 'invalid' | 'conflict',
  message: string,
): AdminError {
  // A violation in another table (a hook wrote there) belongs to no field of this form.
  const isOwn = holder === resource
  const errors: FieldErrors =
    fields.length > 0 && isOwn ? Object.fromEntries(fields.map(({ name }) => [name, [message]])) : { '': [message] }
  const place = isOwn ? (fields[0]?.label ?? '') : `${holder.singular}${fields[0] ? `, ${fields[0].label}` : ''}`
  return new AdminError(code, place ? `${place}: ${message}` : message, { fields: errors }, { cause })
}

/** The columns of the constraint, as the catalogue has them; of an expression index, those its expressions name. */
async function columnsOf(error: PostgresError, { ctx }: Scene): Promise<string[]> {
  const relation = sql`to_regclass(format('%I.%I', ${error.schema_name ?? ''}::text, ${error.table_name ?? ''}::text))`
  const rows = await ctx.db
    .execute<{ name: string }>(sql`
      select attname as name from pg_constraint join pg_attribute on attrelid = conrelid and attnum = any (conkey)
      where conrelid = ${relation} and conname = ${error.constraint_name ?? ''}
      union all
      select a.attname from pg_index i join pg_class c on c.oid = i.indexrelid
      join pg_depend d on d.objid = i.indexrelid and d.refobjid = i.indrelid and d.refobjsubid > 0
      join pg_attribute a on a.attrelid = i.indrelid and a.attnum = d.refobjsubid
      where i.indrelid = ${relation} and c.relname = ${error.constraint_name ?? ''}
        and not exists (select 1 from pg_constraint where conrelid = i.indrelid and conname = c.relname)`)
    .catch(() => [])
  return rows.map(({ name }) => name)
}

/** `Key (a, b)=(1, x) already exists.` (or `is still referenced from …`) → ['1', 'x'], where the values can be told apart. */
function keyOfDetail(detail: string | undefined, count: number): string[] | undefined {
  const inside = detail?.match(/^Key \(.*?\)=\((.*)\) (?:already exists|is (?:still )?referenced)/s)?.[1]
  if (inside === undefined) return undefined
  const values = count === 1 ? [inside] : inside.split(', ')
  return values.length === count ? values : undefined
}

function resourceOfError(error: PostgresError, { ctx, resource }: Scene): Resource {
  const relation = `${error.schema_name}.${error.table_name}`
  return relation === resource.shape.relation ? resource : (ctx.admin.byRelation.get(relation) ?? resource)
}

const fieldOfColumn = (resource: Resource, name: string | undefined): Field | undefined =>
  [...resource.fields.values()].find(({ column }) => column.name === name)
