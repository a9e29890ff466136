/** The list a person came from, with its search, filters and page: kept in this tab, by resource. */
const keyOf = (resource: string) => `kontor:list:${resource}`

/** Keeps the list's state. Without storage (a private window may refuse it) a save leads to the plain list. */
export function rememberList(resource: string, query: string): void {
  try {
    window.sessionStorage.setItem(keyOf(resource), query)
  } catch {
    // The list is then simply shown from its beginning.
  }
}

/** The list's address as it was left. */
export function listAddress(resource: string, href: string): string {
  try {
    const query = window.sessionStorage.getItem(keyOf(resource))
    return query ? `${href}?${query}` : href
  } catch {
    return href
  }
}
