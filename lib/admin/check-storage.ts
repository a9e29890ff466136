import { ENTRY_FIELD, EPHEMERAL_FIELDS, VERSION_FIELDS } from '@/lib/db/storage-columns'
import { describeRelation } from '@/lib/db/table-shape'
import type { Catalogue, CatalogueEntry } from './catalogue'
import { didYouMean, type Problem } from './checks'
import type { AnyStorageOption } from './resolve-storage'
import type { AppendOnlyStorage, EphemeralOptions, EphemeralStorage } from './storage-options'

/** An append-only table without its columns, with a plain unique index, with a companion that does not fit. */
export function checkAppendOnly(entry: CatalogueEntry, option: AppendOnlyStorage, path: string): Problem[] {
  const problems: Problem[] = []
  const note = (id: string, message: string, hint: string) =>
    problems.push({ id: `appendOnly.${id}`, path, message, hint })
  const versions = entry.versions ?? entry.shape
  const table = `“${versions.name}”`
  if (versions.kind === 'view') {
    note('table', `${table} is a view.`, 'Only tables can be append-only.')
    return problems
  }
  const lacking = missing(versions.columns, [ENTRY_FIELD, ...VERSION_FIELDS])
  if (lacking.length > 0) {
    note(
      'columns',
      `${table} lacks ${lacking.join(', ')}.`,
      'Spread ...appendOnlyColumns() into the table and make a migration.',
    )
    return problems
  }
  const current = describeRelation(option.current)
  const companion = `“${current.name}”`
  for (const { name } of versions.uniques)
    note(
      'unique',
      `the second version of an entry would violate “${name}” on ${table}.`,
      `Declare it on ${companion}, which holds the newest versions only.`,
    )
  if (versions.primaryKey.length > 0 && !versions.primaryKey.includes('entryVersion'))
    note(
      'unique',
      `the primary key of ${table} allows one version of an entry only.`,
      'Leave it out: Kontor makes (entry_id, entry_version) the key.',
    )
  for (const { name } of versions.foreignKeys)
    note(
      'foreignKey',
      `“${name}” on ${table} would hold what old versions refer to for ever.`,
      `Declare it on ${companion}, which holds the newest versions only.`,
    )
  for (const { field, identity } of versions.columns)
    if (identity && field !== ENTRY_FIELD)
      note(
        'identity',
        `${field} of ${table} would number versions, not entries.`,
        'Give it a default of nextval() of a sequence instead.',
      )

  const different = differences(versions.columns, current.columns)
  if (different.length > 0)
    note(
      'current',
      `${table} and ${companion} differ in ${different.join(', ')}.`,
      'Spread the same columns into both, beside ...appendOnlyColumns() and ...currentColumns().',
    )
  if (current.primaryKey.join() !== ENTRY_FIELD)
    note('current', `entryId is not the primary key of ${companion}.`, 'Spread ...currentColumns() into it.')
  for (const { name, onDelete } of current.foreignKeys)
    if (changesRows(onDelete))
      note(
        'cascade',
        `“${name}” would ${onDelete} entries without a version that says so.`,
        'Declare it without onDelete; delete the entries in a hook.',
      )
  return problems
}

interface EphemeralCheck {
  entry: CatalogueEntry
  option: EphemeralStorage<never>
  keyFields: readonly string[]
  catalogue: Catalogue
  storageOf: (relation: string) => AnyStorageOption
  path: string
}

const OPTIONS: readonly (keyof EphemeralOptions<never>)[] = [
  'inactivityTimeout',
  'maximumLifetime',
  'maxRecords',
  'durable',
  'onCreate',
  'onExpire',
]

/** An ephemeral table without its columns or key, and references that Postgres or the sweep could not live with. */
export function checkEphemeral({ entry, option, keyFields, catalogue, storageOf, path }: EphemeralCheck): Problem[] {
  const { shape } = entry
  const problems: Problem[] = []
  const note = (id: string, message: string, hint?: string, at = path) =>
    problems.push({ id: `ephemeral.${id}`, path: at, message, hint })
  const unknown = Object.keys(option).filter((key) => key !== 'kind' && !OPTIONS.includes(key as never))
  for (const key of unknown) note('option', `there is no option “${key}”.`, didYouMean(key, OPTIONS), `${path}.${key}`)
  for (const name of ['onCreate', 'onExpire'] as const)
    if (option[name] !== undefined && typeof option[name] !== 'function')
      note('option', 'expected a function.', undefined, `${path}.${name}`)
  if (option.durable !== undefined && typeof option.durable !== 'boolean')
    note('option', 'expected true or false.', undefined, `${path}.durable`)
  const table = `“${shape.name}”`
  if (shape.kind === 'view') {
    note('table', `${table} is a view.`, 'Only tables can hold ephemeral records.')
    return problems
  }
  const lacking = missing(shape.columns, EPHEMERAL_FIELDS)
  if (lacking.length > 0)
    note(
      'columns',
      `${table} lacks ${lacking.join(', ')}.`,
      'Spread ...ephemeralColumns() into the table and make a migration.',
    )
  if (keyFields.length === 0) note('key', `${table} has no primary key.`, 'Give it one: activity is noted by key.')

  for (const { entry: other, foreignKey } of catalogue.inbound.get(shape.relation) ?? []) {
    const from = `“${other.shape.name}”`
    const otherStorage = storageOf(other.shape.relation)
    const isUnlogged = typeof otherStorage === 'object' && otherStorage.kind === 'ephemeral' && !otherStorage.durable
    if (!option.durable && !isUnlogged)
      note(
        'referenced',
        `the permanent table ${from} refers to ${table} (“${foreignKey.name}”), and Postgres lets no permanent table refer to an unlogged one.`,
        `Make ${from} ephemeral too, drop the foreign key, or add durable: true here.`,
      )
    if (!changesRows(foreignKey.onDelete))
      note(
        'blocked',
        `“${foreignKey.name}” on ${from} would keep expired records from going.`,
        "Declare it with onDelete: 'cascade' or 'set null'.",
      )
  }
  return problems
}

const changesRows = (onDelete: string | undefined) =>
  onDelete === 'cascade' || onDelete === 'set null' || onDelete === 'set default'

const missing = (columns: CatalogueEntry['shape']['columns'], fields: readonly string[]) =>
  fields.filter((name) => !columns.some(({ field }) => field === name))

function differences(a: CatalogueEntry['shape']['columns'], b: typeof a): string[] {
  const names = [...new Set([...a, ...b].map(({ field }) => field))]
  const find = (columns: typeof a, name: string) => columns.find(({ field }) => field === name)
  return names.filter((name) => {
    const [one, other] = [find(a, name), find(b, name)]
    return (
      !one ||
      !other ||
      one.name !== other.name ||
      one.sqlType !== other.sqlType ||
      one.isGenerated !== other.isGenerated
    )
  })
}
