import type { SQL } from 'drizzle-orm'
import type { Clock } from '@/lib/db/clock'
import { formatDuration, parseDuration } from '@/lib/db/duration'
import type { ColumnShape } from '@/lib/db/table-shape'
import { appendOnlyStorage, type ExpiryLimits, ephemeralStorage, type Storage, tableStorage } from '@/lib/storage'
import type { Catalogue, CatalogueEntry } from './catalogue'
import { checkAppendOnly, checkEphemeral } from './check-storage'
import type { Problem } from './checks'
import type { OperationContext } from './context'
import type { ResourceOptions } from './define'
import { durationHint } from './duration-hint'
import type { EphemeralStorage, StorageOption } from './storage-options'
import type { Field, RecordValues, Resource } from './tree'

/** A storage option whose record types were let go. */
export type AnyStorageOption = StorageOption<never>

export interface StorageInput {
  entry: CatalogueEntry
  option: AnyStorageOption
  options: ResourceOptions<never>
  keyFields: readonly string[]
  read: (column: ColumnShape, reference: SQL) => SQL
  path: string
}

export interface StorageSurroundings {
  catalogue: Catalogue
  clock: Clock
  problems: Problem[]
  /** How another table ('schema.table') lives. */
  storageOf: (relation: string) => AnyStorageOption
}

/** The storage of one resource; what is wrong with it goes to `problems`, and an ordinary table's stands in. */
export function resolveStorage(
  { entry, option, options, keyFields, read, path }: StorageInput,
  { catalogue, clock, problems, storageOf }: StorageSurroundings,
): Pick<Resource, 'storage' | 'lifetime'> {
  const before = problems.length
  const at = `${path}.storage`
  const plain = (): Storage => tableStorage(entry.shape, { keyFields, read })
  if (option === 'table') return { storage: plain() }
  if (option.kind === 'appendOnly') {
    problems.push(...checkAppendOnly(entry, option, at))
    const { versions, current } = entry
    if (problems.length > before || !versions || !current) return { storage: plain() }
    return { storage: appendOnlyStorage(versions, { current, read }) }
  }
  problems.push(...checkEphemeral({ entry, option, keyFields, catalogue, storageOf, path: at }))
  const limits = resolveLimits(option, at, problems)
  if (problems.length > before) return { storage: plain() }
  return {
    storage: ephemeralStorage(entry.shape, { keyFields, limits, clock, read }),
    lifetime: resolveLifetime(option, options),
  }
}

/** What the storage keeps itself stands in no form; the key of an entry is given once. */
export function withManaged(field: Field, storage: Storage): Field {
  const isEntryKey = storage.kind === 'appendOnly' && field.isKey
  if (!storage.managed.has(field.name) && !isEntryKey) return field
  const update: Field['update'] = (ctx, record) => (field.update(ctx, record) === 'hidden' ? 'hidden' : 'readonly')
  return isEntryKey ? { ...field, update } : { ...field, isRequired: false, create: () => 'hidden', update }
}

function resolveLimits(option: EphemeralStorage<never>, at: string, problems: Problem[]): ExpiryLimits {
  const inactivityMs = resolveDuration(option.inactivityTimeout, `${at}.inactivityTimeout`, problems)
  const lifetimeMs = resolveDuration(option.maximumLifetime, `${at}.maximumLifetime`, problems)
  if (inactivityMs !== undefined && lifetimeMs !== undefined && inactivityMs > lifetimeMs)
    problems.push({
      id: 'ephemeral.order',
      path: `${at}.inactivityTimeout`,
      message: `${formatDuration(inactivityMs)} of inactivity is longer than the whole lifetime of ${formatDuration(lifetimeMs)}.`,
      hint: 'Leave it out, or raise maximumLifetime.',
    })
  const { maxRecords } = option
  if (maxRecords !== undefined && !(Number.isInteger(maxRecords) && maxRecords >= 1))
    problems.push({
      id: 'ephemeral.maxRecords',
      path: `${at}.maxRecords`,
      message: `maxRecords is ${String(maxRecords)}.`,
      hint: 'A whole number from 1; without it any number of records may live.',
    })
  return { inactivityMs, lifetimeMs, maxRecords, durable: option.durable ?? false }
}

function resolveDuration(text: unknown, path: string, problems: Problem[]): number | undefined {
  if (text === undefined) return undefined
  const ms = typeof text === 'string' ? parseDuration(text) : undefined
  if (ms !== undefined && ms > 0) return ms
  const message =
    ms === 0 ? `“${text}” is no time at all: records would vanish at once.` : `${JSON.stringify(text)} is no duration.`
  problems.push({ id: 'ephemeral.duration', path, message, hint: durationHint(text) })
  return undefined
}

function resolveLifetime(
  option: EphemeralStorage<never>,
  { hooks, overrides }: ResourceOptions<never>,
): Resource['lifetime'] {
  const onCreate = option.onCreate as ((ctx: OperationContext, given: RecordValues) => unknown) | undefined
  const onExpire = option.onExpire as ((ctx: OperationContext, record: RecordValues) => unknown) | undefined
  return {
    onCreate: async (ctx, given) => ((await onCreate?.(ctx, given)) ?? {}) as RecordValues,
    onExpire: onExpire && (async (ctx, record) => void (await onExpire(ctx, record))),
    isWatched: Boolean(onExpire || hooks?.beforeDelete || hooks?.afterDelete || overrides?.delete),
  }
}
