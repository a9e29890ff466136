import { pino } from 'pino'
import { Registry } from 'prom-client'
import { afterEach, describe, expect, it } from 'vitest'
import { systemClock } from '@/lib/db/clock'
import { readEnv } from '@/lib/env'
import { countWork } from '@/lib/metrics'
import { createTestDatabase } from '@/tests/support/database'
import { eventually } from '@/tests/support/eventually'
import type { Duty, WorkerContext } from '@/worker/context'
import { type DutyLocks, openDutyLocks } from '@/worker/duty-locks'
import { runDuties } from '@/worker/run-duties'

const db = await createTestDatabase()
const env = readEnv({ DATABASE_URL: db.urls.app, NEXTAUTH_SECRET: 'a secret of some length' }, 'worker')
const logged: string[] = []
const log = pino({ level: 'error' }, { write: (line: string) => void logged.push(line) })
const count = countWork(new Registry())
const ctx: WorkerContext = { env, db: db.app, owner: undefined, clock: systemClock, log, count }

const open: { stop(): Promise<void> }[] = []
const locks: DutyLocks[] = []

afterEach(async () => {
  await Promise.all(open.splice(0).map((running) => running.stop()))
  await Promise.all(locks.splice(0).map((lock) => lock.close()))
  logged.length = 0
})

/** A process of its own as far as locks go. */
function process_(...duties: Duty[]) {
  const lock = openDutyLocks(db.urls.app)
  const running = runDuties(duties, ctx, lock)
  locks.push(lock)
  open.push(running)
  return { lock, running }
}

async function killLockHolders(): Promise<void> {
  await db.admin.sql`select pg_terminate_backend(pid) from pg_stat_activity
    where application_name = 'kontor duties' and datname = current_database()`
}

describe('duties', () => {
  it('are done by one process at a time, again and again', async () => {
    let running = 0
    let most = 0
    let runs = 0
    const duty: Duty = {
      name: 'alone',
      everyMs: 5,
      async run() {
        most = Math.max(most, ++running)
        await new Promise((resolve) => setTimeout(resolve, 10))
        running--
        runs++
      },
    }
    for (let n = 0; n < 3; n++) process_(duty)
    await eventually(() => expect(runs).toBeGreaterThan(5))
    expect(most).toBe(1)
  })

  it('pass to another process when theirs stops', async () => {
    const done: string[] = []
    const duty = (who: string): Duty => ({ name: 'passed on', everyMs: 10, run: async () => void done.push(who) })
    const first = process_(duty('first'))
    await eventually(() => expect(done).toContain('first'))
    process_(duty('second'))
    await first.running.stop()
    await first.lock.close()
    await eventually(() => expect(done).toContain('second'))
  })

  it('are told when the connection that held their lock is lost, and go on', async () => {
    const ends: string[] = []
    process_({
      name: 'interrupted',
      everyMs: 10,
      run: ({ signal }) =>
        new Promise((resolve) => {
          ends.push('began')
          signal.addEventListener('abort', () => {
            ends.push('aborted')
            resolve()
          })
        }),
    })
    await eventually(() => expect(ends).toEqual(['began']))
    await killLockHolders()
    await eventually(() => expect(ends.slice(0, 3)).toEqual(['began', 'aborted', 'began']))
  })

  it('that fail are logged by name and done again at their next turn', async () => {
    let runs = 0
    process_({
      name: 'Failing duty',
      everyMs: 10,
      async run() {
        if (++runs === 1) throw new Error('only once')
      },
    })
    await eventually(() => expect(runs).toBeGreaterThan(1))
    expect(JSON.parse(logged[0]!)).toMatchObject({ msg: 'Failing duty failed', err: { message: 'only once' } })
  })

  it('are waited for when the worker stops', async () => {
    let isDone = false
    const { running } = process_({
      name: 'slow',
      everyMs: 10,
      async run({ signal }) {
        await new Promise((resolve) => signal.addEventListener('abort', resolve))
        await new Promise((resolve) => setTimeout(resolve, 50))
        isDone = true
      },
    })
    await eventually(async () => {
      const [row] = await db.admin.sql`select count(*)::int as n from pg_locks where locktype = 'advisory'
        and database = (select oid from pg_database where datname = current_database())`
      expect(row?.n).toBe(1)
    })
    await running.stop()
    expect(isDone).toBe(true)
  })
})
