import type { TrackedTable } from '@/lib/history'
import type { AdminSource } from './resolve'

/** Columns that never enter the log, whoever writes them. */
const SECRETS: Readonly<Record<string, readonly string[]>> = { 'kontor.users': ['password_hash'] }

/**
 * The tables whose changes are to be recorded: every table the config knows, join tables too, but those of whose
 * resources none wants a history.
 */
export function trackedTables({ admin, catalogue, options }: AdminSource): TrackedTable[] {
  const wishes = new Map<string, boolean>()
  const ignored = new Map<string, readonly string[]>()
  for (const { shape, history, storage } of admin.resources.values()) {
    wishes.set(shape.relation, history || wishes.get(shape.relation) === true)
    ignored.set(shape.relation, storage.logged.ignored)
  }
  return catalogue.entries
    .filter(({ shape }) => shape.kind === 'table' && (wishes.get(shape.relation) ?? options.history ?? true))
    .map(({ shape: { schema, name, relation } }) => ({
      schema,
      name,
      redact: SECRETS[relation] ?? [],
      ignore: ignored.get(relation) ?? [],
    }))
}
