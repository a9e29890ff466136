import { beforeAll, describe, expect, it } from 'vitest'
import { examine } from '@/bin/doctor'
import { trackedTables } from '@/lib/admin/tracked-tables'
import { installTriggers } from '@/lib/history'
import { readAdmin } from '@/lib/runtime'
import { createTestDatabase } from '@/tests/support/database'

const db = await createTestDatabase()
const patient = () => ({
  ownerUrl: db.urls.owner,
  appUrl: db.urls.app,
  appRole: 'kontor_app',
  isEmbedded: false,
  owner: db.owner.sql,
  app: db.app.sql,
  listenUrl: db.urls.app,
})
/** What is not well, without what the tests' own server is blamed for: it runs without fsync. */
const ailing = async (changes: object = {}) =>
  (await examine({ ...patient(), ...changes })).filter(({ level, what }) => level !== 'ok' && !what.startsWith('fsync'))
const found = async (changes: object = {}) => (await ailing(changes)).map(({ level, what }) => `${level}: ${what}`)

beforeAll(async () => {
  await installTriggers(db.owner.sql, trackedTables(readAdmin()))
  await db.admin.sql`insert into kontor.workers (host, pid, version) values ('here', 1, '0')`
})

describe('the doctor', () => {
  it('finds nothing wrong where nothing is, and says what is right', async () => {
    const findings = await examine(patient())
    expect(await found()).toEqual([])
    expect(findings.map(({ what }) => what).join('\n')).toMatch(
      /PostgreSQL \d+.*NOTIFY reaches.*kontor_app may add to the log/s,
    )
  })

  it('says what is missing, disabled or left over of the triggers, with what to do', async () => {
    await db.admin.sql`alter table kontor.users disable trigger kontor_log_update`
    await db.owner.sql`create table strays (id int primary key)`
    await installTriggers(db.owner.sql, [{ schema: 'public', name: 'strays' }])
    expect(await found()).toEqual([
      expect.stringMatching(
        /^problem: Changes go unrecorded because a trigger was disabled by hand: kontor_log_update on kontor.users/,
      ),
      expect.stringMatching(/^warning: public.strays is still recorded/),
    ])
    await db.admin.sql`alter table kontor.users enable trigger kontor_log_update`
    await db.owner.sql`drop table strays`
    expect(await found()).toEqual([])
  })

  it('sees a role that could change the log', async () => {
    expect(await found({ app: db.owner.sql, appRole: 'kontor_owner' })).toContainEqual(
      expect.stringMatching(/^warning: Role kontor_owner, which the site runs as, may change the log/),
    )
  })

  it('misses a worker, and sees a subscription that falls behind', async () => {
    await db.admin.sql`update kontor.workers set seen_at = now() - interval '2 minutes'`
    await db.admin.sql`insert into kontor.subscriptions (name, cursor) values ('slow', '1.0.0.5:5:')`
    await db.admin.sql`select setval('kontor.changes_id_seq', 50000)`
    await db.admin.sql`insert into kontor.changes (relation, op) values ('public.x', 'truncate')`
    expect(await found()).toEqual([
      expect.stringMatching(/^warning: The subscription slow is about 50001 changes behind, and no process carries it/),
      expect.stringMatching(/^problem: No worker has been heard of for \d+ seconds/),
    ])
  })

  it('says where LISTEN does not arrive, and goes on where a check cannot be made', async () => {
    expect(await found({ listenUrl: 'postgres://nobody@127.0.0.1:1/none' })).toContainEqual(
      expect.stringMatching(/^problem: LISTEN does not work/),
    )
  })
})
