/**
 * The record id a page's address names. Next hands a segment on as it stands in the address; one that cannot be decoded,
 * or holds a NUL, which no text in PostgreSQL does, names nothing, and is then not found under its own spelling.
 */
export function recordIdOf(segment: string): string {
  try {
    const id = decodeURIComponent(segment)
    return id.includes('\0') ? segment : id
  } catch {
    return segment
  }
}
