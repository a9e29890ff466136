import type { TrackedTable } from '@/lib/history'
import type { AdminSource } from './resolve'
import { reactionsOf } from './resolve-watch'

/** Bookkeeping of Kontor's own: signing in is no change of a person. */
const IGNORED: Readonly<Record<string, readonly string[]>> = { 'kontor.users': ['last_seen_at', 'updated_at'] }

/** What the resources over one table want, together. */
interface Wish {
  history: boolean
  /** Names in the database. */
  secret: Set<string>
  ignored: readonly string[]
}

/**
 * The tables whose changes are to be recorded: every table the config knows, join tables too, but those of whose
 * resources none wants a history. What one resource keeps secret is secret for all of the table.
 */
export function trackedTables({ admin, catalogue, options, watchers }: AdminSource): TrackedTable[] {
  const wishes = new Map<string, Wish>()
  for (const { shape, history, storage, fields } of admin.resources.values()) {
    const wish = wishes.get(shape.relation) ?? { history: false, secret: new Set(), ignored: [] }
    for (const { isSecret, column } of fields.values()) if (isSecret) wish.secret.add(column.name)
    const ignored = [...storage.logged.ignored, ...(IGNORED[shape.relation] ?? [])]
    wishes.set(shape.relation, { ...wish, history: wish.history || history, ignored })
  }
  return catalogue.entries
    .filter(({ shape }) => shape.kind === 'table' && (wishes.get(shape.relation)?.history ?? options.history ?? true))
    .map(({ shape }) => ({
      schema: shape.schema,
      name: shape.name,
      redact: [...(wishes.get(shape.relation)?.secret ?? [])],
      ignore: wishes.get(shape.relation)?.ignored ?? [],
      reactions: reactionsOf(watchers, shape),
    }))
}
