import type { Registry } from 'prom-client'
import { assertOwner } from '@/app/admin/owners'
import { hasBearer } from '@/app/api/bearer'
import { actionContext } from '@/app/context'
import { respondError } from '@/app/respond'
import { createMetrics, measureFeed } from '@/lib/metrics'
import { getRuntime, type Runtime } from '@/lib/runtime'

export const dynamic = 'force-dynamic'

const registries = new WeakMap<Runtime, Registry>()

/**
 * This process's measures as Prometheus reads them: for whoever has KONTOR_METRICS_TOKEN, and for owners who are signed in.
 * They tell how much happens, never what.
 */
export async function GET(request: Request): Promise<Response> {
  try {
    const runtime = await getRuntime()
    if (!hasBearer(request, runtime.env.metricsToken)) assertOwner(await actionContext('metrics'))
    const registry = registries.get(runtime) ?? registryOf(runtime)
    registries.set(runtime, registry)
    return new Response(await registry.metrics(), {
      headers: { 'content-type': registry.contentType, 'cache-control': 'no-store' },
    })
  } catch (error) {
    return respondError(error)
  }
}

function registryOf({ db, admin, feed, hub }: Runtime): Registry {
  const registry = createMetrics({ process: 'web', sql: db.sql, handlers: admin.handlers })
  measureFeed(registry, { sql: db.sql, feed, hub })
  return registry
}
