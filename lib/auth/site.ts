import type { SiteEnv } from './context'

/** The site's own address without a trailing slash; next-auth's own part of NEXTAUTH_URL is not part of it. */
export function siteUrl(env: SiteEnv): string {
  const url = env.siteUrl ?? `http://${reachable(env.host ?? '127.0.0.1')}:${env.port ?? 3000}`
  return url.replace(/\/api\/auth\/?$/, '').replace(/\/+$/, '')
}

/** A host to listen on as a host to open: every interface is also this computer, and IPv6 wears brackets. */
function reachable(host: string): string {
  if (host === '0.0.0.0' || host === '::') return 'localhost'
  return host.includes(':') ? `[${host}]` : host
}

/** Whether people reach the site by https: cookies are marked Secure then. */
export function isSecure(env: SiteEnv): boolean {
  return siteUrl(env).startsWith('https:')
}

/** The sub-path the site lives under, '/' at the top: two sites on one host do not see each other's cookies. */
export function cookiePath(env: SiteEnv): string {
  return new URL(siteUrl(env)).pathname.replace(/\/+$/, '') || '/'
}

/** Where people go who asked for nothing in particular. */
const HOME = '/admin'

/**
 * The path to return to after signing in: `wanted` where it is an address on this site, else the home page.
 * Whatever a browser could read as another site ('//evil.example', '/\evil.example', 'javascript:') leads home, and so
 * do the sign-in pages themselves.
 */
export function safeReturnPath(wanted: string | null | undefined): string {
  if (!wanted?.startsWith('/') || wanted.length > 2000) return HOME
  const anywhere = 'http://site.invalid'
  if (!URL.canParse(wanted, anywhere)) return HOME
  const url = new URL(wanted, anywhere)
  if (url.origin !== anywhere || /^\/(sign-in|setup|reset|api)(\/|$)/.test(url.pathname)) return HOME
  if (url.pathname === '/' || url.pathname.startsWith('//')) return HOME
  return url.pathname + url.search + url.hash
}
