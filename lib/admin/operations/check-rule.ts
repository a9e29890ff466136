const COMPARED: Record<string, string> = {
  '>=': 'at least',
  '>': 'more than',
  '<=': 'at most',
  '<': 'less than',
  '=': 'exactly',
  '<>': 'other than',
}

const COMPARISON =
  /^"?(?<column>[^"<>=()']+?)"? (?<operator>>=|<=|<>|>|<|=) (?:'?(?<number>-?\d+(?:\.\d+)?)'?|"?(?<other>[^"<>=()' ]+)"?)$/

/**
 * What a check constraint asks, in words: "Must be at least 0 and at most 100.", "Price must be at least Cost.". A rule that
 * does more than compare one column is told as it stands.
 * @param expression as `pg_get_expr` spells it
 * @param labelOf what the form calls a column; undefined where it has none
 */
export function checkRuleWords(expression: string, labelOf: (column: string) => string | undefined): string {
  const rule = bare(expression.replace(/::[a-z_ ]+(\(\d+(,\d+)?\))?(\[\])?/g, ''))
  const parts = rule.split(' AND ').map((part) => COMPARISON.exec(bare(part).replace(/\((-?[\d.]+)\)/g, '$1'))?.groups)
  const [first] = parts
  const asked = parts.flatMap((part) => {
    const than = part?.number ?? labelOf(part?.other ?? '')
    return part && part.column === first?.column && than !== undefined ? [`${COMPARED[part.operator!]} ${than}`] : []
  })
  if (asked.length < parts.length || !first?.column) return `Must fit the rule: ${rule}.`
  const words = `must be ${asked.join(' and ')}.`
  if (parts.every((part) => part?.number !== undefined)) return `M${words.slice(1)}`
  const subject = labelOf(first.column)
  return subject === undefined ? `Must fit the rule: ${rule}.` : `${subject} ${words}`
}

/** Without parentheses around the whole. */
function bare(text: string): string {
  if (!text.startsWith('(') || !text.endsWith(')')) return text
  let depth = 0
  for (let at = 0; at < text.length - 1; at++) {
    if (text[at] === '(') depth++
    if (text[at] === ')' && --depth === 0) return text
  }
  return bare(text.slice(1, -1))
}
