import { sql } from 'drizzle-orm'
import { bigint, boolean, integer, text, timestamp, uuid } from 'drizzle-orm/pg-core'

/*
 * The columns that append-only and ephemeral records need beside their own, to be spread into a table:
 *
 *   const columns = { name: text('name').notNull() }
 *   export const recipes = pgTable('recipes', { ...appendOnlyColumns(), ...columns })
 *   export const currentRecipes = pgTable('recipes_current', { ...currentColumns(), ...columns }, (t) => [unique().on(t.name)])
 *
 *   export const carts = pgTable('carts', { id: uuid('id').primaryKey(), ...ephemeralColumns() })
 *
 * Imported by a relative path there: drizzle-kit does not know the '@' alias.
 */

/** A default Postgres takes and then refuses as null, where no trigger filled it in. */
const UNSET = sql`null`

/** What an entry of an append-only table is known by; a table that was an ordinary one keeps the type of its key. */
const entryKeys = {
  uuid: {
    version: () => uuid('entry_id').notNull().defaultRandom(),
    current: () => uuid('entry_id').primaryKey(),
  },
  integer: {
    version: () => integer('entry_id').notNull().generatedByDefaultAsIdentity(),
    current: () => integer('entry_id').primaryKey(),
  },
  bigint: {
    version: () => bigint('entry_id', { mode: 'number' }).notNull().generatedByDefaultAsIdentity(),
    current: () => bigint('entry_id', { mode: 'number' }).primaryKey(),
  },
  text: {
    version: () => text('entry_id').notNull(),
    current: () => text('entry_id').primaryKey(),
  },
} as const

export type EntryKey = keyof typeof entryKeys

const moment = (name: string) => timestamp(name, { withTimezone: true })

/** Filled in by the table's trigger: no default of their own, so that a row without the trigger is refused. */
const versionColumns = () => ({
  entryVersion: integer('entry_version').notNull().default(UNSET),
  deleted: boolean('deleted').notNull().default(false),
  insertedAt: moment('inserted_at').notNull().default(UNSET),
  versionAt: moment('version_at').notNull().default(UNSET),
  versionBy: text('version_by').notNull().default(UNSET),
  versionSource: text('version_source').notNull().default(UNSET),
  versionReason: text('version_reason'),
})

/**
 * For the table that holds every version. It has no primary key, unique index or foreign key of its own: Kontor adds
 * the key (entry_id, entry_version), and everything about the newest versions stands on the table of `currentColumns`.
 * @param key the type of `entry_id`. Default 'uuid'
 */
export function appendOnlyColumns<K extends EntryKey = 'uuid'>(key: K = 'uuid' as K) {
  const entryId = entryKeys[key].version() as ReturnType<(typeof entryKeys)[K]['version']>
  return { entryId, ...versionColumns() }
}

/**
 * For the companion that holds the newest version of each entry, kept by trigger: unique constraints, foreign keys and
 * indexes stand here, and other tables refer to its `entry_id`.
 * @param key the same as for `appendOnlyColumns`
 */
export function currentColumns<K extends EntryKey = 'uuid'>(key: K = 'uuid' as K) {
  const entryId = entryKeys[key].current() as ReturnType<(typeof entryKeys)[K]['current']>
  return { entryId, ...versionColumns() }
}

/** For a table of ephemeral records, beside a primary key of its own. */
export function ephemeralColumns() {
  return {
    /** The last activity, to a tenth of the inactivity timeout. */
    touchedAt: moment('touched_at').notNull().defaultNow(),
    /** The end of the lifetime, which activity never moves; null where there is none. */
    livesUntil: moment('lives_until'),
    /** When the record vanishes unless something happens; null: never. */
    expiresAt: moment('expires_at'),
    /** How often the record was written; touching is no part of it. */
    revision: integer('revision').notNull().default(1),
  }
}

export const ENTRY_FIELD = 'entryId'

/** What the storage keeps itself, by field: no form offers it and no write gives it. */
export const VERSION_FIELDS = Object.keys(versionColumns())
export const EPHEMERAL_FIELDS = Object.keys(ephemeralColumns())
