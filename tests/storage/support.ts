import { generateDrizzleJson, generateMigration } from 'drizzle-kit/api'
import { sql } from 'drizzle-orm'
import { integer, jsonb, numeric, pgTable, text, timestamp, unique, uuid } from 'drizzle-orm/pg-core'
import type { ResourceOptions } from '@/lib/admin/define'
import { appendOnly, ephemeral } from '@/lib/admin/storage-options'
import { appendOnlyColumns, currentColumns, ephemeralColumns } from '@/lib/db/storage-columns'
import { installStorage } from '@/lib/storage'
import type { TestAdmin } from '@/tests/support/admin'
import type { TestDatabase } from '@/tests/support/database'

/** A clock that stands until a test moves it. */
export function movableClock(start = new Date()) {
  let now = start.getTime()
  return {
    now: () => new Date(now),
    /** @param minutes forwards */
    move(minutes: number) {
      now += minutes * 60_000
    },
  }
}

/** Creates tables as `drizzle-kit generate` would, and lets the application's role use them. */
export async function createTables(db: Pick<TestDatabase, 'owner'>, tables: Record<string, unknown>): Promise<void> {
  const empty = generateDrizzleJson({})
  for (const statement of await generateMigration(empty, generateDrizzleJson(tables, empty.id)))
    await db.owner.sql.unsafe(statement)
  await db.owner.sql`grant select, insert, update, delete on all tables in schema public to kontor_app`
  await db.owner.sql`grant usage, select on all sequences in schema public to kontor_app`
}

/** What `npm run migrate -- --tables` does for the storages of an admin. */
export async function installAll(db: Pick<TestDatabase, 'owner'>, { source }: TestAdmin): Promise<void> {
  const storages = [...source.admin.resources.values()].map(({ storage }) => storage)
  const { absent, failed } = await installStorage(db.owner.sql, storages)
  if (absent.length + failed.length > 0) throw new Error(JSON.stringify({ absent, failed }))
}

const columns = () => ({
  name: text('name').notNull(),
  note: text('note'),
  price: numeric('price', { precision: 10, scale: 3 }).notNull().default('0'),
  count: integer('count').notNull().default(0),
  facts: jsonb('facts'),
  bakedAt: timestamp('baked_at', { withTimezone: true }).notNull().defaultNow(),
  shout: text('shout').generatedAlwaysAs(sql`upper(name)`),
})

export const plainNotes = pgTable('plain_notes', { id: uuid('id').primaryKey().defaultRandom(), ...columns() }, (t) => [
  unique().on(t.name),
])
export const keptNotes = pgTable('kept_notes', { ...appendOnlyColumns(), ...columns() })
export const currentNotes = pgTable('kept_notes_current', { ...currentColumns(), ...columns() }, (t) => [
  unique().on(t.name),
])
export const passingNotes = pgTable(
  'passing_notes',
  { id: uuid('id').primaryKey().defaultRandom(), ...ephemeralColumns(), ...columns() },
  (t) => [unique().on(t.name)],
)

export const tables = { plainNotes, keptNotes, currentNotes, passingNotes }

/** The same resource in each storage: what runs for one runs for all. */
export const KINDS = [
  { kind: 'table', table: plainNotes, storage: undefined },
  { kind: 'appendOnly', table: keptNotes, storage: appendOnly({ current: currentNotes }) },
  {
    kind: 'ephemeral',
    table: passingNotes,
    storage: ephemeral({ inactivityTimeout: '30m', maximumLifetime: '1d' }),
  },
] as const

/** Options of a resource whatever its storage: the three tables have these columns in common. */
export type NoteOptions = ResourceOptions<typeof plainNotes>
