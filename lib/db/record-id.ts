/**
 * A record's id in addresses, log rows and messages: the key's text; the parts of a composite key are joined by ','
 * with ',' and '\' escaped by '\'. A key of one part is escaped the same way only where it is composite, so that
 * 'SUMMER,10' as a single text key stays itself.
 */
export function encodeRecordId(parts: readonly string[]): string {
  if (parts.length === 1) return parts[0] ?? ''
  return parts.map((part) => part.replace(/[\\,]/g, '\\$&')).join(',')
}

/** The key's parts, or undefined where `id` does not have exactly `count` of them. */
export function decodeRecordId(id: string, count: number): string[] | undefined {
  if (count === 1) return [id]
  const parts: string[] = []
  let part = ''
  for (let at = 0; at < id.length; at++) {
    const character = id.charAt(at)
    if (character === '\\' && at + 1 < id.length) part += id.charAt(++at)
    else if (character === ',') {
      parts.push(part)
      part = ''
    } else part += character
  }
  parts.push(part)
  return parts.length === count ? parts : undefined
}
