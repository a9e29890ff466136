import type { SQL } from 'drizzle-orm'
import type { PostgresJsDatabase } from 'drizzle-orm/postgres-js'
import type { Transaction } from '@/lib/db/transaction'
import type { Admin } from './tree'

/** The person (or duty) on whose behalf something happens. */
export interface Actor {
  /** As the change log keeps it: 'user:<uuid>', 'task:<name>', 'effect:<id>', 'system'. */
  id: string
  userId?: string
  sessionId?: string
  name: string
  email?: string
  role: string
}

/** What every callback of the config receives: who asks, when, in which language and zone. */
export interface RequestContext {
  /** The tree of this request: how one resource finds the others it points at. */
  admin: Admin
  actor: Actor
  /** The same as `actor`: reads better in policies (`ctx.user.role`). */
  user: Actor
  /** Drizzle over the pool: reads outside any write's transaction. */
  db: PostgresJsDatabase
  clock: { now(): Date }
  requestId: string
  /** The road the request came by: 'form', 'api', 'undo' … */
  source: string
  locale: string
  timeZone: string
}

/** Within a write: everything joins its transaction and is rolled back with it. */
export interface OperationContext extends RequestContext {
  tx: Transaction
  /** Turns the write down: a message for the whole record, or messages by field. Everything is rolled back. */
  reject(message: string | Record<string, string>): never
  /** Creates a record of another resource ('catalogue/products') in this transaction, through its own road. */
  create(resource: string, values: Record<string, unknown>): Promise<Record<string, unknown>>
  update(resource: string, id: string, values: Record<string, unknown>): Promise<Record<string, unknown>>
  delete(resource: string, id: string): Promise<void>
  /** Starts the inactivity timeout of an ephemeral record anew, without a change. */
  keepAlive(resource: string, id: string): Promise<void>
  /** Requests an effect in this transaction: rolled back → never happened. */
  effect(kind: string, payload: unknown, options?: { dedupeKey?: string; runAt?: Date }): Promise<string>
}

/** The operations a policy is asked about. Actions are asked as `action:<key>`. */
export type Operation = 'list' | 'read' | 'create' | 'update' | 'delete' | `action:${string}`

/** Yes, no, or a condition on the rows. */
export type PolicyAnswer = boolean | SQL
