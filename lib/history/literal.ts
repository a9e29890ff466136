/** An identifier for SQL text that takes no parameters: functions, triggers, partitions. */
export const quote = (name: string): string => `"${name.replaceAll('"', '""')}"`

/** A string for such text; E'' where a backslash would depend on standard_conforming_strings. */
export const literal = (text: string): string =>
  text.includes('\\') ? ` E'${text.replaceAll('\\', '\\\\').replaceAll("'", "''")}'` : `'${text.replaceAll("'", "''")}'`
