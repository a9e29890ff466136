import { sql } from 'drizzle-orm'
import { defineKind } from '../define-kind'

/** Words prepared for full-text search: readable, derived by the database, never typed. */
export const tsvector = defineKind({
  name: 'tsvector',
  operators: ['empty'],
  isSortable: false,
  isEditable: false,
  width: 'full',
  filter: 'none',
  format: (text) => text.replace(/'((?:[^']|'')*)'(:[\d,A-D]+)?/g, (_, word: string) => word.replace(/''/g, "'")),
  select: (column) => sql`left(${column}::text, 500)`,
})
