import { createHash } from 'node:crypto'
import { AdminError } from '@/lib/errors'
import type { TableFacts } from './table-facts'

/** An effect requested by the table's own trigger, in the transaction that made the change. */
export interface Reaction {
  /** A TRUNCATE deletes its records; one too large to log them has op 'truncate' and no record_id. */
  on: readonly ('insert' | 'update' | 'delete')[]
  /** Only when one of these columns (their database names) really changed. Default: any. Inserts and deletes always count. */
  columns?: readonly string[]
  /** The kind of the row put into kontor.effects. */
  kind: string
  /** Added to the payload, which always has relation, record_id, op, change (the log row's id) and changed. */
  payload?: Record<string, unknown>
  /** Puts what is always there under this key of the payload instead of beside its own. */
  under?: string
}

/** A table whose changes are recorded. Everything not said here is read from pg_catalog. */
export interface TrackedTable {
  schema: string
  name: string
  /** Columns (their database names) whose values never enter the log; that they changed does. */
  redact?: readonly string[]
  /** Columns that are bookkeeping: never in the log, and a write that changes nothing else is no change. */
  ignore?: readonly string[]
  reactions?: readonly Reaction[]
}

/** The name of the table's log function in schema kontor: readable, unique, never above 63 bytes. */
export function functionName(table: { schema: string; name: string }): string {
  const digest = createHash('sha256').update(`${table.schema}\0${table.name}`).digest('hex').slice(0, 10)
  const readable = table.name
    .toLowerCase()
    .replace(/[^a-z0-9_]/g, '_')
    .slice(0, 40)
  return `log_${readable}_${digest}`
}

/** @throws AdminError 'misconfigured' where a redacted column does not exist or is part of the key. */
export function assertRedactable(facts: TableFacts, redact: readonly string[]): void {
  for (const name of redact) {
    if (!facts.columns.some((column) => column.name === name)) {
      throw new AdminError('misconfigured', `${facts.relation} has no column "${name}" to keep out of the log.`)
    }
    if (facts.key.includes(name)) {
      throw new AdminError(
        'misconfigured',
        `"${name}" is part of the key of ${facts.relation}: every log row names the record by it, so it cannot be redacted.`,
      )
    }
  }
}
