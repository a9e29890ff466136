/**
 * Marks a request as a refresh of a page that is open already. Whoever opens an ephemeral record keeps it alive; a page
 * that follows along by itself does not. Worth nothing to an attacker: all it does is not to keep a record alive.
 */
export const REFRESH_COOKIE = 'kontor.refresh'

/** Long enough for the request to be sent, and over before somebody opens another record. */
const SECONDS = 2

/** To be called just before `router.refresh()` where no person asked for it. */
export function markRefresh(): void {
  // biome-ignore lint/suspicious/noDocumentCookie: the Cookie Store API is not in every browser yet.
  document.cookie = `${REFRESH_COOKIE}=1; path=/; max-age=${SECONDS}; samesite=strict`
}
