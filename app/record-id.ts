/**
 * The record id a page's address names. Next hands a segment on as it stands in the address; one that cannot be decoded
 * names nothing, and is then not found under its own spelling.
 */
export function recordIdOf(segment: string): string {
  try {
    return decodeURIComponent(segment)
  } catch {
    return segment
  }
}
