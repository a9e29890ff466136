import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { connect } from '@/lib/db/client'
import { grantTables } from '@/lib/db/grants'
import { migrateSystem, migrateTables, pendingSystemSql, systemMigrations, systemState } from '@/lib/db/migrate'
import { checkServer, setUpRightsHint } from '@/lib/db/server-check'
import { createTestDatabase } from '@/tests/support/database'

const db = await createTestDatabase()
const bare = await createTestDatabase({ template: 'template1' })

describe('system migrations', () => {
  it('run once, every grants file after them', async () => {
    const names = (await systemMigrations()).map(({ name }) => name)
    const firstGrants = names.findIndex((name) => name.endsWith('.grants.sql'))
    expect(names.slice(firstGrants).every((name) => name.endsWith('.grants.sql'))).toBe(true)
    expect(await migrateSystem(db.owner.sql, 'kontor_app')).toEqual([])
    expect(await systemState(db.app.sql)).toEqual({ pending: [], changed: [] })
  })

  it('make everything in an empty database, though many processes start at once', async () => {
    const before = await systemState(bare.owner.sql)
    expect(before.pending).toContain('0001_schema.sql')
    const runs = await Promise.all([1, 2, 3].map(() => migrateSystem(bare.owner.sql, 'kontor_app')))
    expect(runs.flat().sort()).toEqual([...before.pending].sort())
    expect((await systemState(bare.owner.sql)).pending).toEqual([])
  })

  it('tell which file was changed after it ran', async () => {
    await db.owner.sql`update kontor.migrations set digest = 'another' where name = '0001_schema.sql'`
    expect(await systemState(db.app.sql)).toEqual({ pending: [], changed: ['0001_schema.sql'] })
  })

  it('can be printed, and then run by hand, with the role named', async () => {
    const byHand = await createEmpty('kontor_owner')
    const owner = connect(byHand.owner, { max: 1 })
    const text = await pendingSystemSql(owner.sql, 'kontor_app')
    expect(text).toContain('TO "kontor_app"')
    await owner.sql.unsafe(text)
    expect(await systemState(owner.sql)).toEqual({ pending: [], changed: [] })
    expect(await migrateSystem(owner.sql, 'kontor_app')).toEqual([])
    await owner.close()
    await byHand.drop()
  })
})

describe("the deployer's migrations", () => {
  it('run once in order, though many processes start at once, and the application may use what they make', async () => {
    const folder = await mkdtemp(path.join(tmpdir(), 'kontor-migrations-'))
    await mkdir(path.join(folder, 'meta'))
    const entries = ['0000_first', '0001_second'].map((tag, idx) => ({
      idx,
      version: '7',
      when: 1000 + idx,
      tag,
      breakpoints: true,
    }))
    await writeFile(
      path.join(folder, 'meta/_journal.json'),
      JSON.stringify({ version: '7', dialect: 'postgresql', entries }),
    )
    await writeFile(
      path.join(folder, '0000_first.sql'),
      'create schema "My shop";\n--> statement-breakpoint\ncreate table "My shop"."Orders" (id bigserial primary key, note text);',
    )
    await writeFile(
      path.join(folder, '0001_second.sql'),
      'create view "My shop".notes as select note from "My shop"."Orders"',
    )
    try {
      const ran = await Promise.all([1, 2, 3].map(() => migrateTables(db.urls.owner, folder)))
      expect(ran.reduce((sum, n) => sum + n, 0)).toBe(2)
      await expect(db.app.sql`select * from "My shop"."Orders"`).rejects.toThrow(/permission denied/)
      await grantTables(db.owner.sql, 'kontor_app')
      await db.app.sql`insert into "My shop"."Orders" (note) values ('one')`
      expect(await db.app.sql`select note from "My shop".notes`).toMatchObject([{ note: 'one' }])
    } finally {
      await rm(folder, { recursive: true })
    }
  })

  it('are none where there is no journal', async () => {
    expect(await migrateTables(db.urls.owner, '/nonexistent')).toBe(0)
  })
})

describe('looking at a server', () => {
  it('says who we are there and whether we may set up', async () => {
    expect(await checkServer(bare.urls.owner, 'DATABASE_URL')).toMatchObject({ role: 'kontor_owner', maySetUp: true })
    const other = await createEmpty()
    const facts = await checkServer(other.app, 'DATABASE_URL')
    expect(facts).toMatchObject({ role: 'kontor_app', database: other.name, maySetUp: false })
    expect(setUpRightsHint(facts)).toContain(`GRANT CREATE ON DATABASE "${other.name}" TO "kontor_app"`)
    await other.drop()
  })

  it.each([
    [
      'the port',
      (url: URL) => {
        url.port = '1'
      },
      /nothing listens at 127\.0\.0\.1:1\b/,
    ],
    [
      'the host',
      (url: URL) => {
        url.hostname = 'nowhere.invalid'
      },
      /no host "nowhere\.invalid"/,
    ],
    [
      'the password',
      (url: URL) => {
        url.password = 'guessed-wrong'
      },
      /refused role "kontor_app"/,
    ],
    [
      'the role',
      (url: URL) => {
        url.username = 'nobody'
      },
      /refused role "nobody"/,
    ],
    [
      'the database',
      (url: URL) => {
        url.pathname = '/missing'
      },
      /no database "missing"/,
    ],
  ])('explains that %s is wrong', async (_, change, message) => {
    const url = new URL(db.urls.app)
    change(url)
    const error = await checkServer(url.href, 'DATABASE_URL').catch((thrown: Error) => thrown)
    expect(error).toBeInstanceOf(Error)
    expect((error as Error).message).toMatch(message)
    expect((error as Error).message).toMatch(/^DATABASE_URL: /)
    expect((error as Error).message).not.toContain('guessed-wrong')
  })
})

let made = 0

async function createEmpty(owner = 'postgres') {
  const name = `${db.name}_${++made}`
  await db.admin.sql.unsafe(`create database ${name} owner ${owner}`)
  const at = (url: string) => Object.assign(new URL(url), { pathname: `/${name}` }).href
  return {
    name,
    app: at(db.urls.app),
    owner: at(db.urls.owner),
    drop: () => db.admin.sql.unsafe(`drop database ${name} with (force)`),
  }
}
