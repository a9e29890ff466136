import { createHash, randomUUID } from 'node:crypto'
import { createPostgresBackend, createRedisBackend, Queue, Worker, type WorkerOptions } from 'bullmq'
import { Redis } from 'ioredis'
import { z } from 'zod'
import type { Carrier } from './carrier'
import { QUEUE_SCHEMA } from './migrate'

/**
 * Workers that know the same kinds share a queue. While two versions of the application run side by side, each carries
 * what it can run, and an offer never reaches a worker that has no handler for it.
 */
function queueName(kinds: readonly string[]): string {
  const digest = createHash('sha256').update(JSON.stringify(kinds.toSorted())).digest('hex')
  return `kontor-effects-${digest.slice(0, 12)}`
}

/** What a job holds: the ids, and how to run them. */
const offerShape = z.object({ kind: z.string(), ids: z.array(z.uuid()), isSuspect: z.boolean() })

export interface CarrierOptions {
  /** The kinds there are handlers for here. */
  kinds: readonly string[]
  /** Where the queue's tables are, unless `redisUrl` is given. */
  databaseUrl: string
  /** Moves the queue to Redis or Valkey. */
  redisUrl?: string
  /** Connections to Postgres for each of adding and taking, besides one that listens. Default 4. */
  poolSize?: number
  onError(error: Error): void
}

/** Opens the queue on its Postgres tables, or on Redis where there is an address for it. */
export function openCarrier(options: CarrierOptions): Carrier {
  const name = queueName(options.kinds)
  return options.redisUrl ? redisCarrier(name, options.redisUrl, options.onError) : postgresCarrier(name, options)
}

function postgresCarrier(queueName: string, { databaseUrl, poolSize = 4, onError }: CarrierOptions): Carrier {
  const connection = (name: string) => ({
    connectionString: databaseUrl,
    schema: QUEUE_SCHEMA,
    max: poolSize,
    application_name: name,
    connectionTimeoutMillis: 10_000,
    statement_timeout: 15_000,
    keepAlive: true,
  })
  const queue = new Queue(queueName, { connection: connection('kontor-offers'), ...COMMON }, createPostgresBackend)
  return carrierOf(
    queue,
    (take, taking) =>
      new Worker(queueName, take, { connection: connection('kontor-queue'), ...taking }, createPostgresBackend),
    async () => {},
    onError,
  )
}

function redisCarrier(queueName: string, url: string, onError: (error: Error) => void): Carrier {
  // The queue's own connection answers at once or not at all; the worker's blocks, and may retry for as long as it takes.
  const connections: Redis[] = []
  const connect = (maxRetriesPerRequest: number | null) => {
    const redis = new Redis(url, { maxRetriesPerRequest, connectTimeout: 10_000 })
    redis.on('error', onError)
    connections.push(redis)
    return redis
  }
  const queue = new Queue(queueName, { connection: connect(2), ...COMMON }, createRedisBackend)
  return carrierOf(
    queue,
    (take, taking) => new Worker(queueName, take, { connection: connect(null), ...taking }, createRedisBackend),
    async () => {
      for (const redis of connections) redis.disconnect()
    },
    onError,
  )
}

/** Finished jobs leave at once: what happened is in kontor.effects. Nobody reads the event stream. */
const COMMON = {
  defaultJobOptions: { removeOnComplete: true, removeOnFail: true, attempts: 1 },
  streams: { events: { maxLen: 100 } },
}

type Taking = Omit<WorkerOptions, 'connection'>
type Take = (job: { data: unknown }) => Promise<void>
interface BareQueue extends Pick<Queue, 'add' | 'addBulk' | 'getCountsPerPriority' | 'close'> {
  on(event: 'error', listener: (error: Error) => void): unknown
}
interface BareWorker extends Pick<Worker, 'waitUntilReady' | 'close'> {
  on(event: 'error', listener: (error: Error) => void): unknown
}

function carrierOf(
  queue: BareQueue,
  openWorker: (take: Take, taking: Taking) => BareWorker,
  disconnect: () => Promise<void>,
  onError: (error: Error) => void,
): Carrier {
  queue.on('error', onError)
  return {
    async offer(offers) {
      if (offers.length === 0) return
      const jobs = offers.map(({ kind, ids, priority, isSuspect }) => ({
        name: 'offer',
        data: { kind, ids, isSuspect },
        // Never the name of an earlier offer: what became of that one, only its own clock knows.
        opts: { jobId: randomUUID(), priority },
      }))
      const [first] = jobs
      // One alone takes fewer round trips than a bulk of one.
      if (first && jobs.length === 1) await queue.add(first.name, first.data, first.opts)
      else await queue.addBulk(jobs)
    },
    async waiting(priorities) {
      const counts = await queue.getCountsPerPriority([...priorities])
      return priorities.map((priority) => counts[priority] ?? 0)
    },
    async consume(process, { concurrency, name, leaseMs, onError: onWorkerError }) {
      const worker = openWorker((job) => process(offerShape.parse(job.data)), {
        concurrency,
        name,
        lockDuration: leaseMs,
        stalledInterval: Math.max(1000, leaseMs / 2),
        // A second stall would fail the job for good; how often is too often, the effect's row decides.
        maxStalledCount: 1_000_000,
        drainDelay: 2,
        // After a lost connection: the default waits a quarter of a minute.
        runRetryDelay: 1000,
      })
      worker.on('error', onWorkerError)
      await worker.waitUntilReady()
      return { close: () => worker.close() }
    },
    async close() {
      await queue.close()
      await disconnect()
    },
  }
}
