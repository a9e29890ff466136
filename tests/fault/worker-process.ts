// A worker as a process of its own, for tests that kill, stop and mislead it. What its handlers do is told by their
// payloads; every call "outside" is a row in public.calls, written past any transaction of Kontor's.
import { setTimeout as sleep } from 'node:timers/promises'
import { sql } from 'drizzle-orm'
import { pino } from 'pino'
import postgres from 'postgres'
import { z } from 'zod'
import { resolveHandlers } from '@/lib/effects'
import { handler } from '@/lib/effects/handler'
import { defineJob, error, jobsByKind, ok, resolveTasks, task } from '@/lib/tasks'
import { effectsService } from '@/worker/effects'
import { jobsService } from '@/worker/jobs'
import { tasksService } from '@/worker/tasks'
import { startWorker } from '@/worker/worker'

// However the test ends, its end of this pipe does too.
process.stdin.on('end', () => process.exit(1)).resume()

const optionsShape = z.object({
  databaseUrl: z.string(),
  redisUrl: z.string().optional(),
  /** Milliseconds this process's clock is wrong by. */
  clockMs: z.number().default(0),
  leaseMs: z.number().default(1500),
  /** Dies after the first result is written back, before the queue hears of it. */
  dieAfterWriteBack: z.boolean().default(false),
  tasks: z.boolean().default(false),
})
const options = optionsShape.parse(JSON.parse(process.env.WORKER_OPTIONS ?? '{}'))

if (options.clockMs !== 0) {
  const RealDate = Date
  const shifted = class extends RealDate {
    constructor(...given: [] | [value: number | string | Date]) {
      if (given.length === 0) super(RealDate.now() + options.clockMs)
      else super(...given)
    }
    static override now() {
      return RealDate.now() + options.clockMs
    }
  }
  globalThis.Date = shifted as DateConstructor
}

const outside = postgres(options.databaseUrl, { max: 2, onnotice: () => {} })
const die = () => process.kill(process.pid, 'SIGKILL')

const payload = z.object({
  do: z.enum(['ok', 'die before', 'die after', 'always die', 'block', 'slow']),
  n: z.number().optional(),
})

const { handlers } = resolveHandlers([
  {
    path: 'effects',
    handlers: {
      fault: handler({
        payload,
        backoff: '50ms',
        run: async (what, { id, attempt }) => {
          const isFirst = attempt === 1
          if (what.do === 'always die' || (what.do === 'die before' && isFirst)) die()
          if (what.do === 'slow') await sleep(30)
          await outside`insert into public.calls (effect, attempt, pid) values (${id}, ${attempt}, ${process.pid})`
          if (what.do === 'die after' && isFirst) die()
          if (what.do === 'block' && isFirst) {
            const until = performance.now() + options.leaseMs * 2.5
            while (performance.now() < until);
          }
          return { attempt, pid: process.pid }
        },
      }),
    },
  },
])

const { tasks } = resolveTasks([
  {
    path: 'tasks',
    tasks: options.tasks
      ? [
          task<number>({
            name: 'fold',
            every: 0.25,
            initialValue: 0,
            run: async (value) => {
              await sleep(60)
              const dice = Math.random()
              if (dice < 0.1) throw new Error('unlucky')
              if (dice < 0.25) return error(value + 100)
              if (dice < 0.35) return error()
              return ok(value + 1)
            },
          }),
        ]
      : [],
  },
])

/** Marks numbers in chunks of ten, a little time a chunk. */
const marking = defineJob({
  kind: 'mark',
  params: z.object({ total: z.number() }),
  prepare: async ({ total }) => ({ cursor: 0, total }),
  async runChunk({ total }, cursor: number, { tx, id }) {
    const end = Math.min(total, cursor + 10)
    await tx.execute(sql`insert into public.marks select ${id}::uuid, n, ${process.pid}::int
      from generate_series(${cursor + 1}::int, ${end}::int) n`)
    await sleep(40)
    return { next: end === total ? null : end, done: end - cursor }
  },
})

/** Looks at ten at a time before, and asks at the end, until it is answered. */
const careful = defineJob({
  ...marking,
  kind: 'careful',
  async check(params, seen: number | null, { answer }) {
    const { total } = params as { total: number }
    const end = Math.min(total, (seen ?? 0) + 10)
    await sleep(40)
    const isSettled = end < total || answer !== null
    return { next: end < total ? end : null, checked: end - (seen ?? 0), question: isSettled ? undefined : 'Go on?' }
  },
})

const log = pino({ level: process.env.KONTOR_TEST_LOG ?? 'silent' }, pino.destination(2))
const env = {
  databaseUrl: options.databaseUrl,
  listenUrl: options.databaseUrl,
  redisUrl: options.redisUrl,
  ownerUrl: undefined,
  secret: 'a secret of the tests',
  port: undefined,
  host: '127.0.0.1',
  siteUrl: undefined,
  adminEmail: undefined,
  adminPassword: undefined,
  dataDir: '.kontor',
  effectsSecret: undefined,
  environment: undefined,
}
const { leaseMs } = options
const services = [
  effectsService({
    handlers,
    settings: { leaseMs, offerMs: leaseMs, reconcileMs: 250, pollMs: 250 },
    onEnded: (_kind, outcome) => {
      if (options.dieAfterWriteBack && outcome === 'completed') die()
    },
  }),
  tasksService({ tasks, settings: { leaseMs, pollMs: 100 } }),
  jobsService({ jobs: jobsByKind([marking, careful]), settings: { leaseMs, pollMs: 100 } }),
]
const worker = await startWorker(env as Parameters<typeof startWorker>[0], { duties: [], services }, log)
process.on('SIGTERM', async () => {
  await worker.stop()
  await outside.end()
  process.exit(0)
})
process.stdout.write('ready\n')
