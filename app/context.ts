import { cache } from 'react'
import { type RequestContext, requestContext } from '@/lib/admin'
import { assertActor, requestFacts, requireActor } from '@/lib/auth/request'
import { getRuntime } from '@/lib/runtime'
import { orErrorPage } from './page-outcome'

/** For pages: the request's context, or the way to the sign-in page. Made once for each request. */
export const pageContext = cache((): Promise<RequestContext> => orErrorPage(contextOfPage()))

async function contextOfPage(): Promise<RequestContext> {
  const runtime = await getRuntime()
  const actor = await requireActor(runtime)
  return contextFor(runtime, actor, 'page')
}

/**
 * For server actions and route handlers, which never trust a layout: the request's context.
 * @param road as the change log will name it: 'form', 'api' …
 * @throws AdminError `unauthenticated`
 */
export async function actionContext(road: string): Promise<RequestContext> {
  const runtime = await getRuntime()
  return contextFor(runtime, await assertActor(runtime), road)
}

async function contextFor(
  { admin, db, clock }: Awaited<ReturnType<typeof getRuntime>>,
  actor: Awaited<ReturnType<typeof assertActor>>,
  road: string,
): Promise<RequestContext> {
  const { requestId } = await requestFacts()
  return requestContext({ source: admin, db, clock, actor, requestId, road })
}
