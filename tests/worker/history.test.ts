import { pino } from 'pino'
import { afterEach, expect, test } from 'vitest'
import { defineAdmin, resolveAdmin } from '@/lib/admin'
import { readEnv } from '@/lib/env'
import { verifyHistory } from '@/lib/history/verify'
import { createTestDatabase } from '@/tests/support/database'
import { eventually } from '@/tests/support/eventually'
import { historyDuties } from '@/worker/history'
import { type RunningWorker, startWorker } from '@/worker/worker'

const db = await createTestDatabase()
const lines: string[] = []
const log = pino({ level: 'warn' }, { write: (line: string) => void lines.push(line) })
const variables = { DATABASE_URL: db.urls.app, NEXTAUTH_SECRET: 'a secret of some length' }
let worker: RunningWorker | undefined

afterEach(() => worker?.stop())

async function run(options: Parameters<typeof defineAdmin>[0], owner?: string) {
  const env = readEnv({ ...variables, ...(owner && { DATABASE_OWNER_URL: owner }) }, 'worker')
  const duties = historyDuties(resolveAdmin(defineAdmin(options))).map((duty) => ({ ...duty, everyMs: 50 }))
  worker = await startWorker(env, { duties, services: [] }, log)
}

const months = async () =>
  (
    await db.admin.sql`select relname from pg_inherits i join pg_class c on c.oid = i.inhrelid
    where i.inhparent = 'kontor.changes'::regclass and relname ~ '_\\d{4}_\\d\\d$' order by 1`
  ).map(({ relname }) => relname)

test('a running worker seals what was committed and keeps six months ahead', async () => {
  const full = await months()
  const ahead = full.at(-1)!
  await db.owner.sql.unsafe(`alter table kontor.changes detach partition kontor.${ahead}; drop table kontor.${ahead}`)
  await db.admin.sql`insert into kontor.users (email, name, role) values ('sealed@test', 'Sealed', 'editor')`
  await db.owner.sql`insert into kontor.upkeep (kind, actor) values ('repair', 'test')`
  await run({})
  await eventually(async () => {
    expect(await verifyHistory(db.app.sql)).toMatchObject({ findings: [], unsealed: 0 })
    expect((await verifyHistory(db.app.sql)).intact).toBeGreaterThan(0)
    expect(await months()).toEqual(full)
  })
})

test('months older than the config keeps are detached by the owner, once they are sealed', async () => {
  await db.owner.sql.unsafe(`
    create table kontor.changes_2020_01 (like kontor.changes including defaults);
    alter table kontor.changes attach partition kontor.changes_2020_01 for values from ('2020-01-01+00') to ('2020-02-01+00');
    insert into kontor.changes (at, relation, record_id, op, after) values ('2020-01-07', 'public.old', '1', 'insert', '{}')`)
  await run({ historyRetention: { months: 24 } }, db.urls.owner)
  await eventually(async () => expect(await months()).not.toContain('changes_2020_01'))
  expect(await db.owner.sql`select actor, reason from kontor.upkeep where kind = 'retention'`).toEqual([
    { actor: 'system', reason: 'older than 24 months' },
  ])
  expect((await verifyHistory(db.app.sql)).findings).toEqual([])
})

test('without the owner’s address the worker says what retention needs', async () => {
  await run({ historyRetention: { months: 24 } })
  await eventually(() => expect(lines.join()).toContain('DATABASE_OWNER_URL'))
})
