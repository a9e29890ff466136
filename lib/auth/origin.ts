import { AdminError } from '@/lib/errors'
import type { SiteEnv } from './context'
import { siteUrl } from './site'

/**
 * Called by every route handler that writes: another site must not be able to write with a visitor's cookies. Browsers
 * send Origin with every POST, PUT, PATCH and DELETE; a request without one is refused.
 * @param request the request, or anything with its headers
 * @throws AdminError `forbidden`
 */
export function assertSameOrigin(request: { headers: Headers }, env: SiteEnv): void {
  const origin = request.headers.get('origin')
  if (!origin)
    throw new AdminError('forbidden', 'The request does not say which page it comes from (Origin is missing).')
  if (!URL.canParse(origin)) throw otherSite()
  const { host, origin: exact } = new URL(origin)
  // Host covers the addresses a site is reached by without configuration, such as localhost and 127.0.0.1.
  if (exact !== new URL(siteUrl(env)).origin && host !== request.headers.get('host')) throw otherSite()
}

function otherSite(): AdminError {
  return new AdminError(
    'forbidden',
    'The request comes from another address than this site’s own. Open the site itself and try again; if you did, its NEXTAUTH_URL is not the address people open.',
  )
}
