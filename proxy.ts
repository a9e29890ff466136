import { type NextRequest, NextResponse } from 'next/server'
import { requestIdOf } from '@/lib/auth/request-id'
import { contentPolicy, securityHeaders } from '@/lib/auth/security-headers'

/**
 * Gives every page its nonce, its id and its security headers. It guards nothing: pages, actions and route handlers each
 * ask for the session themselves.
 */
export function proxy(request: NextRequest): NextResponse {
  const nonce = crypto.randomUUID().replaceAll('-', '')
  const policy = contentPolicy(nonce, process.env.NODE_ENV === 'development')
  const requestId = requestIdOf(request.headers)

  const headers = new Headers(request.headers)
  headers.set('x-nonce', nonce)
  headers.set('x-request-id', requestId)
  headers.set('x-kontor-path', request.nextUrl.pathname + request.nextUrl.search)
  headers.set('content-security-policy', policy) // where Next finds the nonce for its own scripts

  const response = isAddress(request.nextUrl.pathname)
    ? NextResponse.next({ request: { headers } })
    : NextResponse.rewrite(new URL(NOWHERE, request.url), { request: { headers } })
  const secure = (process.env.NEXTAUTH_URL ?? '').startsWith('https:')
  for (const [name, value] of Object.entries(securityHeaders(secure))) response.headers.set(name, value)
  response.headers.set('content-security-policy', policy)
  response.headers.set('x-request-id', requestId)
  return response
}

/** What nothing stands at: of an address that Next cannot decode its router knows nothing to say but 500. */
const NOWHERE = '/admin/there/is/nothing/here'

function isAddress(pathname: string): boolean {
  try {
    decodeURIComponent(pathname)
    return true
  } catch {
    return false
  }
}

export const config = {
  // Not /api: a proxied body is held in memory and cut at 10 MB, and uploads and imports go there.
  matcher: ['/((?!api/|_next/static|_next/image|favicon.ico|icon.svg).*)'],
}
