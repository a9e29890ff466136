import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { chmod, mkdtemp, readFile, rm, stat, unlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import postgres from 'postgres'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type EmbeddedPostgres, runningEmbedded, startEmbedded } from '@/lib/db/embedded'
import { serverUser } from '@/lib/db/embedded-user'
import { eventually } from '@/tests/support/eventually'

let folder: string
let server: EmbeddedPostgres

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'kontor-embedded-'))
  await chmod(folder, 0o755)
  server = await startEmbedded(folder)
})

afterAll(async () => {
  await server.stop('immediate')
  await rm(folder, { recursive: true, force: true })
})

async function query<T>(url: string, text: string): Promise<T> {
  const sql = postgres(url, { max: 1, onnotice: () => {} })
  try {
    const [row] = await sql.unsafe(text)
    return row as T
  } finally {
    await sql.end()
  }
}

async function postmasterPid(): Promise<number> {
  return Number((await readFile(path.join(folder, 'postgres/postmaster.pid'), 'utf8')).split('\n')[0])
}

describe('the embedded server', () => {
  it('has a database of the owner, in which the application role is nobody special', async () => {
    const text = `select current_user::text as role, rolsuper as super, pg_get_userbyid(datdba)::text as owner,
      pg_encoding_to_char(encoding)::text as encoding, datlocale::text as locale
      from pg_roles, pg_database where rolname = current_user and datname = current_database()`
    const common = { owner: 'kontor_owner', encoding: 'UTF8', locale: 'C.UTF-8', super: false }
    expect(await query(server.urls.owner, text)).toEqual({ ...common, role: 'kontor_owner' })
    expect(await query(server.urls.app, text)).toEqual({ ...common, role: 'kontor_app' })
    expect(await query(server.urls.admin, text)).toMatchObject({ role: 'postgres', super: true })
  })

  it('knows letters beyond ASCII', async () => {
    expect(await query(server.urls.app, `select upper('éß') as upper, 'É' ilike 'é' as same`)).toEqual({
      upper: 'Éß',
      same: true,
    })
  })

  it('asks for a password and listens on this machine alone', async () => {
    const wrong = new URL(server.urls.app)
    wrong.password = 'guess'
    await expect(query(wrong.href, 'select 1')).rejects.toThrow(/password authentication failed/)
    expect(await query(server.urls.admin, 'show listen_addresses')).toEqual({ listen_addresses: '127.0.0.1' })
  })

  it('keeps its passwords to its own user', async () => {
    expect((await stat(path.join(folder, 'secrets.json'))).mode & 0o777).toBe(0o600)
    expect((await stat(path.join(folder, 'postgres'))).uid).toBe(serverUser()?.uid ?? process.getuid?.())
  })

  it('is found by the commands beside it', async () => {
    expect(await runningEmbedded(folder)).toEqual(server.urls)
  })

  it('keeps data, port and passwords from one start to the next', async () => {
    await query(server.urls.owner, 'create table kept as select 1 as id')
    const before = server.urls
    await server.stop()
    expect(await runningEmbedded(folder)).toBeUndefined()
    server = await startEmbedded(folder)
    expect(server.urls).toEqual(before)
    expect(await query(server.urls.owner, 'select count(*)::int as n from kept')).toEqual({ n: 1 })
  })

  it('takes over a server that an earlier run left running', async () => {
    const again = await startEmbedded(folder)
    expect(again).toMatchObject({ isAdopted: true, urls: server.urls })
    await again.stop()
    expect(await runningEmbedded(folder)).toBeUndefined()
    server = await startEmbedded(folder)
    expect(server.isAdopted).toBe(false)
  })

  it('is missed when it was killed, and recovers what was committed', async () => {
    await query(server.urls.owner, `create table survived as select 'committed' as what`)
    const lost = new Promise<string>((resolve) => server.onLost(resolve))
    process.kill(await postmasterPid(), 'SIGKILL')
    expect(await lost).toContain('database system is ready')
    await eventually(async () => expect(await runningEmbedded(folder)).toBeUndefined())
    server = await startEmbedded(folder)
    expect(await query(server.urls.owner, 'select what from survived')).toEqual({ what: 'committed' })
  })

  it('is not misled by a lock file whose process number now belongs to another program', async () => {
    await server.stop()
    const lock = path.join(folder, 'postgres/postmaster.pid')
    await writeFile(lock, `${process.pid}\n${path.join(folder, 'postgres')}\n1\n5432\n\n127.0.0.1\n\nready\n`)
    expect(await runningEmbedded(folder)).toBeUndefined()
    server = await startEmbedded(folder)
    expect(server.isAdopted).toBe(false)
  })

  it('moves to another port when its own was taken meanwhile', async () => {
    await server.stop()
    const { createServer } = await import('node:net')
    const squatter = createServer().listen(Number(new URL(server.urls.app).port), '127.0.0.1')
    const before = server.urls.app
    server = await startEmbedded(folder)
    squatter.close()
    expect(server.urls.app).not.toBe(before)
    expect(await query(server.urls.app, 'select 1 as one')).toEqual({ one: 1 })
  })

  it('refuses data of another major version by name', async () => {
    await server.stop()
    const file = path.join(folder, 'postgres/PG_VERSION')
    const version = await readFile(file, 'utf8')
    await writeFile(file, '9\n')
    await expect(startEmbedded(folder)).rejects.toThrow(/made by PostgreSQL 9.*KONTOR_DATA_DIR/s)
    await writeFile(file, version)
    server = await startEmbedded(folder)
  })

  it('says that the passwords are unreadable instead of making new ones', async () => {
    const file = path.join(folder, 'secrets.json')
    const secrets = await readFile(file, 'utf8')
    await writeFile(file, '{"superuser":')
    await expect(startEmbedded(folder)).rejects.toThrow(/secrets\.json is not readable as JSON/)
    await unlink(file)
    await writeFile(file, secrets, { mode: 0o600 })
  })
})

describe('a temporary server', () => {
  it('is gone with its folder after the process that started it was killed', async () => {
    const script = `import { startTemporary } from '@/lib/db/embedded'
      const { url } = await startTemporary()
      console.log(url)
      setInterval(() => {}, 1000)`
    const file = path.join(path.resolve('tests/db'), `temporary-${process.pid}.mts`)
    await writeFile(file, script)
    const child = spawn(process.execPath, ['--import', 'tsx', file], { stdio: ['ignore', 'pipe', 'inherit'] })
    try {
      const url = await new Promise<string>((resolve) => child.stdout.once('data', (line) => resolve(`${line}`.trim())))
      const { data_directory: data } = await query<{ data_directory: string }>(url, 'show data_directory')
      expect(existsSync(data)).toBe(true)
      child.kill('SIGKILL')
      await eventually(async () => expect(existsSync(path.dirname(data))).toBe(false))
      await expect(query(url, 'select 1')).rejects.toThrow()
    } finally {
      await unlink(file)
    }
  })
})
