/** How a link of the menu stands to the page at `path`, as aria-current says it: its own page, or one above it. */
export function currentness(href: string, path: string): 'page' | 'true' | undefined {
  if (path === href) return 'page'
  return href !== '/admin' && path.startsWith(`${href}/`) ? 'true' : undefined
}
