import { sql } from 'drizzle-orm'
import { defineKind } from '../define-kind'
import { formatBytes } from '../format'

/**
 * Bytes: their size is shown and they can be downloaded; a form never writes them. What is selected is the number of
 * bytes as text ('12034'), which no `\x…` text can be taken for.
 */
export const bytea = defineKind({
  name: 'bytea',
  operators: ['empty'],
  align: 'end',
  isSortable: false,
  isEditable: false,
  filter: 'none',
  format: (text, _field, context) =>
    formatBytes(text.startsWith('\\x') ? String((text.length - 2) / 2) : text, context.locale),
  select: (column) => sql`octet_length(${column})::text`,
})
