import { sql } from 'drizzle-orm'
import { defineKind } from '../define-kind'

/** Types nothing here knows: shown as Postgres writes them, never changed. A declared kind makes them editable. */
export const unknown = defineKind({
  name: 'unknown',
  operators: ['empty'],
  isSortable: false,
  isEditable: false,
  filter: 'none',
  format: (text) => text,
  select: (column) => sql`left(${column}::text, 500)`,
})
