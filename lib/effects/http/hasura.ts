import { z } from 'zod'
import type { EffectRequest } from '../request'

/** The part of an event trigger's body that matters here. */
export const hasuraShape = z.object({
  id: z.string().min(1).max(200),
  trigger: z.object({ name: z.string().min(1) }),
  table: z.object({ schema: z.string(), name: z.string() }),
  event: z.object({
    op: z.enum(['INSERT', 'MANUAL'], { error: 'Only INSERT and MANUAL events are taken here' }),
    data: z.object({ old: z.unknown(), new: z.record(z.string(), z.unknown()) }),
  }),
})

export type HasuraEvent = z.output<typeof hasuraShape>

/** Whether the body means to be an event trigger's: what is wrong with it is then said in its own terms. */
export function looksLikeHasura(body: unknown): boolean {
  return typeof body === 'object' && body !== null && 'event' in body && 'trigger' in body
}

/** The row in kontor.effects that the event is about, if it says so. */
export function effectIdOf({ table, event }: HasuraEvent): string | undefined {
  if (table.schema !== 'kontor' || table.name !== 'effects') return undefined
  const id = z.uuid().safeParse(event.data.new.id)
  return id.success ? id.data : undefined
}

/**
 * What to insert for an event about any other row: its own kind and payload where it has them, else an effect named for
 * the trigger. Delivered again, it is the same effect.
 */
export function requestOf({ id, trigger, table, event }: HasuraEvent): EffectRequest {
  const row = event.data.new
  if (typeof row.kind === 'string' && row.kind !== '')
    return { kind: row.kind, payload: row.payload ?? {}, dedupeKey: id }
  const payload = { op: event.op, table: `${table.schema}.${table.name}`, new: row, old: event.data.old ?? null }
  return { kind: trigger.name, payload, dedupeKey: id }
}
