import { randomBytes } from 'node:crypto'
import { beforeEach, expect, test, vi } from 'vitest'
import { run } from '@/bin/migrate'
import { foreignThings, ownershipHint } from '@/lib/db/ownership'
import { createTestDatabase } from '@/tests/support/database'

const db = await createTestDatabase({ template: 'template1' })

beforeEach(() => {
  vi.spyOn(process.stdout, 'write').mockReturnValue(true)
  vi.spyOn(process.stderr, 'write').mockReturnValue(true)
  vi.stubEnv('DATABASE_URL', db.urls.app)
})

const refusal = (...args: string[]) =>
  run(args).then(
    () => '',
    (error: Error) => error.message,
  )

test('a role that may not create Kontor’s schemas is told what to grant, or to name one that may', async () => {
  vi.stubEnv('DATABASE_OWNER_URL', '')
  const said = await refusal()
  expect(said).toMatch(/^Role kontor_app may not create schema kontor in database t_\w+\./)
  expect(said).toMatch(/GRANT CREATE ON DATABASE "t_\w+" TO "kontor_app";\nor give DATABASE_OWNER_URL/)
})

test('a role that owns nothing is told who does, and what to run', async () => {
  vi.stubEnv('DATABASE_OWNER_URL', db.urls.admin)
  await run([])
  vi.stubEnv('DATABASE_OWNER_URL', db.urls.owner)
  const said = await refusal('--tables')
  expect(said).toMatch(/^permission denied for schema drizzle\nIt was run as role kontor_owner\.\nRole postgres owns /)
  expect(said).toContain('schema drizzle')
  expect(said).toMatch(
    /DATABASE_OWNER_URL=postgres:\/\/postgres:<password>@[\w.]+:\d+\/t_\w+ npm run migrate -- --tables$/,
  )
  expect(said).not.toContain('GRANT')
  expect(said).not.toContain(new URL(db.urls.owner).password || 'no password')
})

test('tables that could not be set up say so too, and nothing is said to the owner', async () => {
  const things = { relations: ['catalogue.products', 'shop.orders', 'shop.not_there'], schemas: ['drizzle', 'nowhere'] }
  expect(await foreignThings(db.owner.sql, things)).toEqual([
    { owner: 'postgres', isSuperuser: true, things: ['catalogue.products', 'shop.orders', 'schema drizzle'] },
  ])
  expect(await foreignThings(db.admin.sql, things)).toEqual([])
  expect(await ownershipHint(db.admin.sql, things, { command: 'x', isOwnerNamed: true })).toBe('')

  // Of Kontor's own schemas it is the owner now, of the deployer's tables not.
  await db.admin.sql.unsafe(`do $$ declare one record; begin
    for one in select format('alter %s %s owner to kontor_owner', case relkind when 'v' then 'view' else 'table' end,
        c.oid::regclass) as it
      from pg_class c where relnamespace in ('drizzle'::regnamespace, 'kontor'::regnamespace, 'kontor_queue'::regnamespace)
        and relkind in ('r', 'p', 'v')
    loop execute one.it; end loop;
    for one in select format('alter routine %s owner to kontor_owner', oid::regprocedure) as it from pg_proc
      where pronamespace in ('kontor'::regnamespace, 'kontor_queue'::regnamespace) loop execute one.it; end loop;
    end $$; alter schema drizzle owner to kontor_owner; alter schema kontor owner to kontor_owner;
    alter schema kontor_queue owner to kontor_owner`)
  vi.stubEnv('DATABASE_OWNER_URL', db.urls.owner)
  const said = await refusal('--tables')
  expect(said).toMatch(/catalogue\.products is not recorded: (must be owner|permission denied)/)
  expect(said).toMatch(/Role postgres owns .* and \d+ more; only it, and roles with its rights, may change those/)
})

test('where an ordinary role owns them, its rights can be given to the role that migrates, not to the application', async () => {
  const owner = `t_${randomBytes(6).toString('hex')}`
  await db.admin.sql.unsafe(`create role ${owner}; alter table catalogue.products owner to ${owner}`)
  try {
    const things = { relations: ['catalogue.products'], schemas: [] }
    const hint = (isOwnerNamed: boolean) => ownershipHint(db.owner.sql, things, { command: 'x', isOwnerNamed })
    expect(await hint(true)).toContain(`GRANT "${owner}" TO "kontor_owner";`)
    expect(await hint(false)).not.toContain('GRANT')
    await db.admin.sql.unsafe(`grant ${owner} to kontor_owner`)
    expect(await hint(true)).toBe('')
  } finally {
    await db.admin.sql.unsafe(`alter table catalogue.products owner to postgres; drop role ${owner}`)
  }
})
