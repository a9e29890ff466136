const MOST_TERMS = 10

/**
 * The words of a search: spaces separate them, double quotes keep a phrase together, a quote left open closes at the
 * end. Ten at most; an empty search has none.
 */
export function parseTerms(search: string): string[] {
  const found = search.matchAll(/"([^"]*)(?:"|$)|[^\s"]+/g)
  const terms = [...found].map(([all, quoted]) => (quoted ?? all).trim()).filter((term) => term !== '')
  return [...new Set(terms)].slice(0, MOST_TERMS)
}
