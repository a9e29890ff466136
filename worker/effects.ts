import { hostname } from 'node:os'
import { siteUrl } from '@/lib/auth'
import { connect } from '@/lib/db/client'
import { databaseClock } from '@/lib/db/clock'
import type { HandlerContext, Handlers } from '@/lib/effects'
import { type EffectsSettings, type EffectsWorkerParts, openCarrier, runEffectsWorker } from '@/lib/effects/worker'
import type { Service, WorkerContext } from './context'

export interface EffectsServiceOptions {
  handlers: Handlers
  settings?: Partial<EffectsSettings>
  /** Gives handlers what changes records: `ctx.update` and its like. */
  extend?: (ctx: HandlerContext) => HandlerContext
  onEnded?: EffectsWorkerParts['onEnded']
}

/** What runs longer than this after a stop is handed back; less than the whole process is given. */
const GRACE_MS = 8000

/** Machines drift: the database's time is measured again this often. */
const CLOCK_MS = 30_000

/**
 * Carries out effects for as long as the worker runs. Connections, all bounded: ten of the application's pool shared with
 * everything else, one that listens, and (without Redis) four that add to the queue, four that take from it and one that
 * listens to it.
 */
export function effectsService(options: EffectsServiceOptions): Service {
  return {
    name: 'effects',
    async start(ctx: WorkerContext) {
      const { env, db, log } = ctx
      const listener = connect(env.listenUrl, { max: 1, applicationName: 'kontor effects listener' })
      const clock = await databaseClock(db.sql)
      const onError = (error: Error) => log.warn({ err: error }, 'The queue of effects')
      const carrier = openCarrier({
        kinds: [...options.handlers.keys()],
        databaseUrl: env.databaseUrl,
        redisUrl: env.redisUrl,
        onError,
      })
      const close = async () => {
        await carrier.close()
        await listener.close()
      }
      const adjusting = setInterval(() => void clock.adjust().catch(onError), CLOCK_MS)
      try {
        const worker = await runEffectsWorker({
          onEnded: ctx.count.effectEnded,
          ...options,
          settings: { leaseMs: env.leaseMs, ...options.settings },
          db,
          log,
          clock,
          carrier,
          listener: listener.sql,
          secret: env.effectsSecret ?? env.secret,
          callbackUrl: `${siteUrl(env)}/api/effects/callback`,
          worker: `${hostname()}:${process.pid}`,
        })
        return {
          async stop() {
            clearInterval(adjusting)
            await worker.stop(GRACE_MS)
            await close()
          },
        }
      } catch (error) {
        clearInterval(adjusting)
        await close()
        throw error
      }
    },
  }
}
