import { actionContext } from '@/app/context'
import { respondError } from '@/app/respond'
import { exportNewestSeal } from '@/lib/admin/operations/log-care'
import { getRuntime } from '@/lib/runtime'

/** The newest seal as a file: what `npm run history -- verify --against` takes. Owners only. */
export async function GET(): Promise<Response> {
  try {
    const [ctx, { db }] = await Promise.all([actionContext('export'), getRuntime()])
    const seal = await exportNewestSeal(ctx, db)
    return new Response(`${JSON.stringify(seal, null, 2)}\n`, {
      headers: {
        'content-type': 'application/json',
        'content-disposition': `attachment; filename="seal-${seal.database}-${seal.seq}.json"`,
        'cache-control': 'no-store',
      },
    })
  } catch (error) {
    return respondError(error)
  }
}
