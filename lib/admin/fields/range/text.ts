/*
 * Postgres's text for ranges `[1,10)`, `empty`, and multiranges `{[1,3),[5,8)}`. Pure, for both halves of the kind.
 */

export interface Range {
  /** The bound's text; null has no bound. */
  lower: string | null
  upper: string | null
  isLowerIncluded: boolean
  isUpperIncluded: boolean
}

/** Reads a range; undefined where it is none. */
export function readRange(text: string): Range | 'empty' | undefined {
  if (/^\s*empty\s*$/i.test(text)) return 'empty'
  const match = text.match(
    /^\s*([[(])((?:"(?:[^"\\]|\\.|"")*"|\\.|[^"\\,])*),((?:"(?:[^"\\]|\\.|"")*"|\\.|[^"\\,])*)([\])])\s*$/s,
  )
  if (!match) return undefined
  const [, open, lower = '', upper = '', close] = match
  return {
    lower: readBound(lower),
    upper: readBound(upper),
    isLowerIncluded: open === '[',
    isUpperIncluded: close === ']',
  }
}

/** Writes it as Postgres does: quotes only where a bound needs them. */
export function formatRange(range: Range | 'empty'): string {
  if (range === 'empty') return 'empty'
  const { lower, upper, isLowerIncluded, isUpperIncluded } = range
  return `${isLowerIncluded ? '[' : '('}${writeBound(lower)},${writeBound(upper)}${isUpperIncluded ? ']' : ')'}`
}

/** The ranges of a multirange; undefined where it is none. */
export function readMultirange(text: string): (Range | 'empty')[] | undefined {
  const inner = text.match(/^\s*\{(.*)\}\s*$/s)?.[1]
  if (inner === undefined) return undefined
  if (inner.trim() === '') return []
  const parts = inner.match(/\s*(?:empty|[[(](?:"(?:[^"\\]|\\.|"")*"|\\.|[^"\\\])])*[\])])\s*(?:,|$)/gis)
  if (!parts || parts.join('').length !== inner.length || /,\s*$/.test(inner)) return undefined
  const ranges = parts.map((part) => readRange(part.replace(/,\s*$/, '')))
  return ranges.every((range) => range !== undefined) ? ranges : undefined
}

function readBound(text: string): string | null {
  if (text.trim() === '') return null
  const plain = text.replace(/"((?:[^"\\]|\\.|"")*)"/gs, (_, quoted: string) => quoted.replace(/""/g, '\\"'))
  return plain.replace(/\\(.)/gs, '$1').trim()
}

function writeBound(bound: string | null): string {
  if (bound === null) return ''
  return bound === '' || /[ \t\n\v\f\r,"\\()[\]]/.test(bound) ? `"${bound.replace(/[\\"]/g, '$&$&')}"` : bound
}
