import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, beforeEach, expect, test, vi } from 'vitest'
import { run } from '@/bin/history'
import { installTriggers } from '@/lib/history'
import { createTestDatabase } from '@/tests/support/database'

const db = await createTestDatabase()
const folder = await mkdtemp(path.join(tmpdir(), 'kontor-history-'))
const file = path.join(folder, 'seal.json')

let said: string[] = []
beforeEach(() => {
  said = []
  const note = (text: string | Uint8Array) => said.push(String(text)) > 0
  vi.spyOn(process.stdout, 'write').mockImplementation(note)
  vi.spyOn(process.stderr, 'write').mockImplementation(note)
  vi.stubEnv('DATABASE_URL', db.urls.app)
  vi.stubEnv('DATABASE_OWNER_URL', db.urls.owner)
})
afterAll(() => rm(folder, { recursive: true }))

beforeAll(async () => {
  await db.owner.sql`create table cakes (id int primary key, name text)`
  await installTriggers(db.owner.sql, [{ schema: 'public', name: 'cakes' }])
  await db.admin.sql`insert into cakes values (17, 'Ada’s cake'), (18, 'Bun')`
  await db.app.sql`select kontor.seal_changes()`
})

/** What the command says, and its exit code. */
async function history(...args: string[]) {
  const code = await run(args)
  return { code, text: said.join('') }
}
const tamper = (statement: string) =>
  db.admin.sql.begin(async (tx) => {
    await tx`set local session_replication_role = replica`
    await tx.unsafe(statement)
  })

test('the newest seal is exported, and an honest log verifies against it', async () => {
  expect(await history('export-seal', '--to', file)).toMatchObject({ code: 0 })
  expect(JSON.parse(await readFile(file, 'utf8'))).toMatchObject({ digest: expect.stringMatching(/^[0-9a-f]{64}$/) })
  expect(await history('verify', '--against', file)).toMatchObject({
    code: 0,
    text: expect.stringMatching(/2 changes are as they were sealed; 0 erased on record, 0 not sealed yet, 1 seal\./),
  })
  said = []
  expect((await history('verify')).text).toMatch(/only a seal kept elsewhere can tell/)
})

test('an erasure needs a reason, is on record, and verifies as one', async () => {
  await expect(history('erase', '--table', 'public.cakes', '--id', '17')).rejects.toThrow('--reason is needed')
  const asked = ['erase', '--table', 'public.cakes', '--id', '17', '--reason', 'asked to be forgotten', '--by', 'Ada']
  // A job that asks before it undoes something holds values of the log, too.
  await db.app.sql`insert into kontor.jobs (kind, title, params, actor, source, state, checking, question)
    values ('undo', 'Undo', '{}', 'user:1', 'undo', 'waiting', true, '{"record": "Ada’s cake"}')`
  expect((await history(...asked)).text).toMatch(/1 changes were emptied/)
  expect([...(await db.admin.sql`select state, question from kontor.jobs`)]).toEqual([
    { state: 'queued', question: null },
  ])
  const [row] = await db.admin
    .sql`select after from kontor.changes where relation = 'public.cakes' and record_id = '17'`
  expect(JSON.stringify(row)).not.toContain('Ada')
  await db.app.sql`select kontor.seal_changes()`
  said = []
  expect(await history('verify', '--against', file)).toMatchObject({
    code: 0,
    text: expect.stringMatching(/1 erased on record/),
  })
})

test('what was tampered with is named, with exit code 1', async () => {
  const [row] = await db.admin
    .sql`select id::text from kontor.changes where relation = 'public.cakes' and record_id = '18'`
  await tamper(`update kontor.changes set actor = 'nobody' where id = ${row?.id}`)
  expect(await history('verify')).toMatchObject({
    code: 1,
    text: expect.stringMatching(new RegExp(`${row?.id}.*The log was tampered with: 1 finding\\.`, 's')),
  })
  await tamper(`update kontor.changes set actor = 'postgres' where id = ${row?.id}`)
  said = []
  expect((await history('verify')).code).toBe(0)
})

test('a log cut off at its end is found by the seal kept elsewhere', async () => {
  expect(await history('export-seal', '--to', file)).toMatchObject({ code: 0 })
  await tamper(`create table public.kept as select * from kontor.seals where seq = (select max(seq) from kontor.seals);
    delete from kontor.seals where seq = (select max(seq) from kontor.seals)`)
  said = []
  expect(await history('verify', '--against', file)).toMatchObject({ code: 1, text: expect.stringMatching(/cut off/) })
  await tamper('insert into kontor.seals select * from public.kept')
})

test('months are let go only with a reason and a day that is one', async () => {
  await expect(history('retain', '--before', '2020-01-01')).rejects.toThrow('--reason is needed')
  await expect(history('retain', '--reason', 'old')).rejects.toThrow('--before is needed')
  await expect(history('retain', '--before', '2999-01-01', '--reason', 'old')).rejects.toThrow(
    'Only months that are over can go.',
  )
  await expect(history('retain', '--before', 'long ago', '--reason', 'old')).rejects.toThrow(
    '“long ago” is not a date such as 2026-01-01.',
  )
  expect((await history('retain', '--before', '2020-01-01', '--reason', 'old')).text).toMatch(/No month ended before/)
})

test('there is nothing to repair where no month was missing', async () => {
  expect((await history('repair')).text).toMatch(/Nothing to repair/)
})

test('a command nobody knows lists those there are; a file that is no seal is named', async () => {
  expect(await history('prove')).toMatchObject({
    code: 2,
    text: expect.stringMatching(/no history command "prove".*verify/s),
  })
  for (const content of ['not json', '{}', 'null']) {
    await writeFile(file, content)
    await expect(history('verify', '--against', file)).rejects.toThrow(/seal\.json/)
  }
  await expect(history('verify', '--against', `${file}.none`)).rejects.toThrow(/seal\.json\.none cannot be read/)
})

test('what it was given and does not know is told above what it does know', async () => {
  await expect(history('erase', 'public.cakes')).rejects.toThrow(/public\.cakes[\s\S]*npm run history -- <command>/)
  await expect(history('retain', '--until', '2026-01-01')).rejects.toThrow(/--until[\s\S]*retain --before/)
})
