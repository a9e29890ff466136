import { clientAddress } from '@/lib/auth'
import { currentActor } from '@/lib/auth/request'
import { type CallbackParts, type EndpointParts, limitCalls } from '@/lib/effects'
import { getRuntime, type Runtime } from '@/lib/runtime'

/** Calls from one place in any minute. */
const CALLS_A_MINUTE = 600

const limits = new WeakMap<Runtime, (key: string) => Promise<void>>()

async function sharedParts() {
  const runtime = await getRuntime()
  const limit = limits.get(runtime) ?? limitCalls(runtime.db.sql, CALLS_A_MINUTE, 60)
  limits.set(runtime, limit)
  const addressOf = ({ headers }: Request) => clientAddress(headers) ?? 'unknown'
  return { runtime, limit, addressOf, handlers: runtime.admin.handlers, log: runtime.log }
}

/** What `POST /api/effects` needs of this process. */
export async function endpointParts(): Promise<EndpointParts> {
  const { runtime, ...shared } = await sharedParts()
  const { db, clock, env } = runtime
  return { ...shared, db, clock, secret: env.effectsSecret, site: env, actorOf: () => currentActor(runtime) }
}

/** What callbacks need of it; signed like the workers sign them. */
export async function callbackParts(): Promise<CallbackParts> {
  const { runtime, ...shared } = await sharedParts()
  return { ...shared, sql: runtime.db.sql, secret: runtime.env.effectsSecret ?? runtime.env.secret }
}
