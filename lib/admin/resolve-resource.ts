import type { SQL } from 'drizzle-orm'
import { sql } from 'drizzle-orm'
import type { Clock } from '@/lib/db/clock'
import type { TableShape } from '@/lib/db/table-shape'
import { manyToManyOf, type ResourceOf, referencesOf, relatedListsOf } from './associations'
import type { Catalogue } from './catalogue'
import type { Changeset } from './changeset'
import { didYouMean, type Problem } from './checks'
import type { OperationContext, RequestContext } from './context'
import type { AdminOptions, ColumnOptions, ResourceOptions } from './define'
import type { Place } from './resolve'
import { resolveChoices, resolveField } from './resolve-field'
import { type AnyStorageOption, resolveStorage, withManaged } from './resolve-storage'
import type { Field, FormGroupTree, ListColumn, ListFilter, ResolvedHooks, Resource, SortKey } from './tree'
import { resolveValidators } from './validators'
import { inWords, nounForms } from './words'

/** Options whose own types were let go when the resource was defined. */
type Options = ResourceOptions<never>

export interface ResolveContext {
  catalogue: Catalogue
  options: AdminOptions
  problems: Problem[]
  resourceOf: ResourceOf
  /** How a table ('schema.table') lives. */
  storageOf: (relation: string) => AnyStorageOption
  clock: Clock
}

/** Fills in every default of one resource; what is wrong with it goes to `context.problems`. */
export function resolveResource(place: Place, context: ResolveContext): Resource {
  const { entry, path, definition } = place
  const { problems } = context
  const options = definition.options as unknown as Options
  const { shape } = entry
  const references = referencesOf(entry, context.catalogue, context.resourceOf)
  const fields = new Map<string, Field>()
  const keyNames: readonly string[] = options.key ?? shape.primaryKey
  const redacted = new Set<string>([...(options.redact ?? []), ...(context.options.redact?.[shape.relation] ?? [])])
  for (const column of shape.columns) {
    const reference = references.find(
      (candidate) => candidate.fields.length === 1 && candidate.fields[0] === column.field,
    )
    const given = (options.form?.fields as Record<string, never> | undefined)?.[column.field]
    fields.set(
      column.field,
      resolveField({
        column,
        isKey: keyNames.includes(column.field),
        reference,
        options: given,
        isRedacted: redacted.has(column.field),
        path,
        problems,
        isView: shape.kind === 'view',
      }),
    )
  }
  const named = (name: string, at: string): Field | undefined => {
    const field = fields.get(name)
    if (!field)
      problems.push({
        id: 'field.unknown',
        path: `${path}.${at}`,
        message: `there is no field “${name}”.`,
        hint: didYouMean(name, fields.keys()),
      })
    return field
  }
  for (const name of redacted) named(name, 'redact')
  problems.push(...secretProblems(fields, shape, path, context.options))
  const { storage, lifetime } = resolveStorage(
    {
      entry,
      option: context.storageOf(shape.relation),
      options,
      keyFields: keyNames.filter((name) => fields.has(name)),
      read: (column, reference) => readWhole(fields.get(column.field), reference),
      path,
    },
    context,
  )
  for (const [name, field] of fields) fields.set(name, withManaged(field, storage))
  // What the storage keeps is there for whoever names it; by default the records' own fields are shown.
  const own = new Map([...fields].filter(([name]) => !storage.managed.has(name)))
  for (const name of Object.keys(options.form?.fields ?? {})) named(name, `form.fields.${name}`)
  const keyFields = keyNames.flatMap((name, at) => named(name, `key[${at}]`) ?? [])
  const nouns = nounForms(place.slug, { singular: options.singular, plural: options.plural ?? options.label })
  const title = resolveTitle(options.title, own, keyFields, (name) => named(name, 'title'))
  const columns = (
    options.list?.columns ?? [
      ...wholeName(own, keyFields, title, nouns.singular),
      ...defaultColumns(own, keyFields, title.field, storage.expiry && 'expiresAt'),
    ]
  ).flatMap(
    (column, at) =>
      resolveColumn(column, (name) => named(name, `list.columns[${at}]`), `${path}.list.columns[${at}]`, problems) ??
      [],
  )
  for (const [at, name] of repeated(columns.map((column) => column.name))) {
    problems.push({
      id: 'column.duplicate',
      path: `${path}.list.columns[${at}]`,
      message: `“${name}” stands there twice.`,
      hint: 'Give a computed column a name of its own.',
    })
  }
  return {
    key: place.key,
    section: place.section,
    slug: place.slug,
    relation: entry.relation,
    shape,
    storage,
    lifetime,
    ...nouns,
    icon: options.icon ?? 'table',
    description: options.description,
    hidden: options.hidden ?? false,
    order: options.order ?? 999,
    keyFields,
    fields,
    title,
    list: {
      columns,
      search: [],
      filters: resolveFilters(options, own, named),
      sort: resolveSort(options, keyFields, named),
      size: options.list?.size ?? 25,
    },
    form: { groups: resolveGroups(options, own, named) },
    references,
    related: relatedListsOf(entry, context.catalogue, context.resourceOf),
    manyToMany: manyToManyOf(entry, context.catalogue, context.resourceOf),
    validate: resolveValidators(options.validate),
    hooks: resolveHooks(options),
    overrides: (options.overrides ?? {}) as Resource['overrides'],
    authorize: async (ctx, operation, record) => {
      const ask = options.authorize as ((...args: unknown[]) => unknown) | undefined
      return ask ? ((await ask(ctx, operation, record)) as boolean | SQL) : true
    },
    scope: (ctx) => (options.scope as ((ctx: RequestContext) => SQL | undefined) | undefined)?.(ctx),
    disabled: resolveDisabled(options, shape.kind === 'view' || keyFields.length === 0),
    history: shape.kind === 'table' && (options.history ?? context.options.history ?? true),
  }
}

/** What the log needs of a record cannot be kept from it, and what `migrate` installs cannot depend on a request. */
function secretProblems(
  fields: ReadonlyMap<string, Field>,
  { relation, schema }: TableShape,
  path: string,
  { sections, redact }: AdminOptions,
): Problem[] {
  const secrets = [...fields.values()].filter(({ isSecret }) => isSecret)
  const isLate = ({ name }: Field) =>
    typeof sections === 'function' && schema !== 'kontor' && !redact?.[relation]?.includes(name)
  return [
    ...secrets
      .filter(({ isKey }) => isKey)
      .map(({ name }) => ({
        id: 'redact.key',
        path: `${path}.redact`,
        message: `“${name}” is part of the key, by which every entry of the change log names its record.`,
      })),
    ...secrets.filter(isLate).map(({ name }) => ({
      id: 'redact.request',
      path: `${path}.redact`,
      message: `what stays out of the change log cannot depend on the request (“${name}”).`,
      hint: `Name it at the site: redact: { '${relation}': ['${name}'] }.`,
    })),
  ]
}

/** What a record's page reads of a column: its whole text, or what its kind shows where it is never edited. */
function readWhole(field: Field | undefined, reference: SQL): SQL {
  if (field && !field.kind.isEditable && field.kind.select) return field.kind.select(reference)
  return sql`${reference}::text`
}

const TITLE_NAMES = ['title', 'name', 'label', 'email']

/** 'shipCity', 'billing_street': beside these 'shipName' is whom something goes to, not what it is called. */
const ADDRESS = /^((?:ship(?:ping)?|bill(?:ing)?|delivery?)(?:_?to)?_?)(?:address|street|city)/i

function resolveTitle(
  given: Options['title'],
  fields: ReadonlyMap<string, Field>,
  keyFields: readonly Field[],
  named: (name: string) => Field | undefined,
): Resource['title'] {
  if (typeof given === 'function') {
    const of = given as (record: Record<string, unknown>) => string
    return { of: (record) => String(of(record) ?? '') }
  }
  const addressees = [...fields.keys()].flatMap((name) => ADDRESS.exec(name)?.[1] ?? [])
  const texts = [...fields.values()].filter(
    ({ kind, name }) => kind.isSearchable && !addressees.some((party) => name.startsWith(party)),
  )
  const field =
    (given !== undefined ? named(given) : undefined) ??
    TITLE_NAMES.flatMap((name) => texts.find((candidate) => candidate.name.toLowerCase() === name) ?? [])[0] ??
    texts.find(({ name }) => TITLE_NAMES.some((ending) => name.toLowerCase().endsWith(ending))) ??
    texts.find(({ isKey }) => !isKey) ??
    (keyFields.length === 1 ? keyFields[0] : undefined)
  // What has no text of its own is called by its whole key.
  if (!field) return { of: (record) => keyFields.map(({ name }) => String(record[name] ?? '')).join(', ') }
  return { field, of: (record) => String(record[field.name] ?? '') }
}

const LAST = /^(created|updated|inserted|modified|deleted|changed)(_?at|_?on|At|On)$/
const MOST_DEFAULT_COLUMNS = 8

/**
 * What leads the list where several columns are the key and none is a title: the record's name as its page has it. One part of
 * the key, which many rows share, would name another record.
 */
function wholeName(
  fields: ReadonlyMap<string, Field>,
  keyFields: readonly Field[],
  title: Resource['title'],
  singular: string,
): ColumnOptions<never>[] {
  if (title.field || keyFields.length < 2) return []
  const name = fields.has('record') ? 'wholeRecord' : 'record'
  return [{ name, label: singular, value: (record) => title.of(record), sort: keyFields[0]?.name as never }]
}

/** Primary key and label first, timestamps last; what no list can show well is left out. */
function defaultColumns(
  fields: ReadonlyMap<string, Field>,
  keyFields: readonly Field[],
  title: Field | undefined,
  last: string | undefined,
): string[] {
  const first = [
    ...(keyFields.length === 1 ? keyFields : []),
    ...(title ? [title] : []),
    ...(keyFields.length > 1 ? keyFields : []),
  ]
  const rest = [...fields.values()].filter(
    (field) => !first.includes(field) && field.kind.filter !== 'none' && field.kind.width === 'half',
  )
  const stamps = rest.filter(({ name }) => LAST.test(name))
  const middle = rest.filter(({ name }) => !LAST.test(name))
  const room = Math.max(0, MOST_DEFAULT_COLUMNS - first.length - Math.min(stamps.length, 2))
  const chosen = [...first, ...middle.slice(0, room), ...stamps.slice(0, 2)]
  const all = chosen.length > 0 ? chosen : [...fields.values()].slice(0, MOST_DEFAULT_COLUMNS)
  return [...new Set([...all.map(({ name }) => name), ...(last ? [last] : [])])]
}

function resolveColumn(
  column: string | ColumnOptions<never>,
  named: (name: string) => Field | undefined,
  path: string,
  problems: Problem[],
): ListColumn | undefined {
  const options = (typeof column === 'string' ? { name: column } : column) as ColumnOptions<never> & { name: string }
  const field = options.value ? undefined : named(options.name)
  if (!options.value && !field) return undefined
  const sort = options.sort ?? undefined
  const sortField = typeof sort === 'string' ? named(sort) : sort
  if (options.cell && typeof options.cell !== 'function')
    problems.push({ id: 'column.cell', path, message: 'expected a function that imports a component.' })
  return {
    name: options.name,
    label: options.label ?? field?.label ?? inWords(options.name),
    align: options.align ?? field?.kind.align ?? (options.format && options.format !== 'boolean' ? 'end' : 'start'),
    format: options.format,
    currency: options.currency ?? 'EUR',
    field,
    value: options.value as ListColumn['value'],
    sort: (sortField as Field | SQL | undefined) ?? (field?.kind.isSortable ? field : undefined),
    cell: options.cell as ListColumn['cell'],
  }
}

function repeated(names: readonly string[]): [number, string][] {
  return [...names.entries()].filter(([at, name]) => names.indexOf(name) !== at)
}

function resolveFilters(
  options: Options,
  fields: ReadonlyMap<string, Field>,
  named: (name: string, at: string) => Field | undefined,
): ListFilter[] {
  const given = options.list?.filters as
    | readonly (string | { field: string; label?: string; choices?: never })[]
    | undefined
  const chosen: ListFilter[] = (
    given ?? [...fields.values()].filter(({ kind }) => kind.filter !== 'none').map(({ name }) => name)
  ).flatMap((filter, at) => {
    const name = typeof filter === 'string' ? filter : filter.field
    const field = named(name, `list.filters[${at}]`)
    if (!field) return []
    const own = typeof filter === 'string' ? undefined : filter
    return [{ field, label: own?.label ?? field.label, choices: resolveChoices(own?.choices) ?? field.choices }]
  })
  // Related lists lead here filtered by their foreign key, so that filter always exists.
  const linking = [...fields.values()].filter(
    (field) => field.reference && !chosen.some((filter) => filter.field === field),
  )
  return [...chosen, ...linking.map((field) => ({ field, label: field.label }))]
}

function resolveSort(
  options: Options,
  keyFields: readonly Field[],
  named: (name: string, at: string) => Field | undefined,
): SortKey[] {
  const given = options.list?.sort as readonly string[] | undefined
  if (!given) return keyFields.map((field) => ({ field, descending: true }))
  return given.flatMap((key, at) => {
    const field = named(key.replace(/^-/, ''), `list.sort[${at}]`)
    return field ? [{ field, descending: key.startsWith('-') }] : []
  })
}

function resolveGroups(
  options: Options,
  fields: ReadonlyMap<string, Field>,
  named: (name: string, at: string) => Field | undefined,
): FormGroupTree[] {
  const given = options.form?.groups as
    | readonly { label: string; description?: string; fields: readonly string[] }[]
    | undefined
  if (!given) return [{ label: '', fields: [...fields.values()].filter(standsInForm) }]
  return given.map((group, at) => ({
    label: group.label,
    description: group.description,
    fields: group.fields.flatMap((name, index) => named(name, `form.groups[${at}].fields[${index}]`) ?? []),
  }))
}

/** By default all but keys the database gives and timestamps it keeps. */
function standsInForm({ column, isKey, name, kind }: Field): boolean {
  const isGiven = column.identity !== undefined || (column.hasDefault && isKey)
  const isStamp = LAST.test(name) && column.hasDefault
  return !isGiven && !isStamp && kind.name !== 'tsvector'
}

function resolveHooks(options: Options): ResolvedHooks {
  const given = (options.hooks ?? {}) as Record<string, ((...args: unknown[]) => unknown) | undefined>
  const call =
    (name: keyof ResolvedHooks) =>
    async (ctx: OperationContext, ...rest: (Changeset | Record<string, unknown>)[]) => {
      await given[name]?.(ctx, ...rest)
    }
  return {
    beforeInsert: call('beforeInsert'),
    beforeUpdate: call('beforeUpdate'),
    beforeSave: call('beforeSave'),
    afterSave: call('afterSave'),
    afterInsert: call('afterInsert'),
    afterUpdate: call('afterUpdate'),
    beforeDelete: call('beforeDelete'),
    afterDelete: call('afterDelete'),
  }
}

const ALL = new Set(['create', 'update', 'delete'] as const)

function resolveDisabled(options: Options, isReadOnly: boolean): Resource['disabled'] {
  const given = options.disable as
    | readonly ('create' | 'update' | 'delete')[]
    | ((ctx: RequestContext) => never[])
    | undefined
  return (ctx) => (isReadOnly ? ALL : new Set(typeof given === 'function' ? given(ctx) : given))
}
