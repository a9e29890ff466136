type Search = Record<string, string | string[] | undefined>

/** Where in the list one was says nothing of another moment's list. */
const PLACES = new Set(['at', 'page', 'after', 'before', 'count'])

/** The page's own address at another moment; without one, as it is now. */
export function addressAt(path: string, search: Search | URLSearchParams, at?: string): string {
  const given = search instanceof URLSearchParams ? [...search] : Object.entries(search)
  const query = new URLSearchParams(at === undefined ? [] : [['at', at]])
  for (const [name, value] of given) {
    if (!PLACES.has(name)) for (const one of [value ?? []].flat()) query.append(name, one)
  }
  const text = query.toString().replace(/%3A/g, ':').replace(/%2C/g, ',')
  return text ? `${path}?${text}` : path
}
