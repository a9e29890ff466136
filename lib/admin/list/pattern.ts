import { type SQL, sql } from 'drizzle-orm'
import { columnType } from '../fields/column-type'
import type { Field } from '../tree'

const TEXT_TYPES = new Set(['text', 'varchar', 'char', 'bpchar', 'citext', 'name'])

/** Whether the column itself is text; what else reads as text (domains, enums, json) is cast before it is searched. */
export const isTextual = ({ column }: Field): boolean => {
  const { base, dimensions } = columnType(column.sqlType)
  return dimensions === 0 && TEXT_TYPES.has(base)
}

/** The value as text that LIKE can read; a text column stands as it is, so that its trigram index fits. */
export const asText = (field: Field, value: SQL): SQL => (isTextual(field) ? value : sql`${value}::text`)

/** A term as LIKE reads it literally: `%`, `_` and `\` lose their meaning. */
export const literally = (term: string): string => term.replace(/[\\%_]/g, '\\$&')

/** Case is ignored. */
export const containing = (field: Field, value: SQL, term: string): SQL =>
  sql`${asText(field, value)} ilike ${`%${literally(term)}%`}`

/** Case is ignored. */
export const startingWith = (field: Field, value: SQL, term: string): SQL =>
  sql`${asText(field, value)} ilike ${`${literally(term)}%`}`
