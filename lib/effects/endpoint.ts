import { randomUUID } from 'node:crypto'
import { sql } from 'drizzle-orm'
import type { Logger } from 'pino'
import { z } from 'zod'
import { assertSameOrigin, type SiteEnv } from '@/lib/auth'
import type { Database } from '@/lib/db/client'
import type { Clock } from '@/lib/db/clock'
import { type Provenance, transact } from '@/lib/db/transaction'
import { AdminError, forbidden, invalid } from '@/lib/errors'
import type { Handlers } from './handler'
import { answer, answerError } from './http/answer'
import { readBody } from './http/body'
import { effectIdOf, type HasuraEvent, hasuraShape, looksLikeHasura, requestOf } from './http/hasura'
import { isSameSecret, isSigned } from './http/signature'
import { type EffectRequest, requestEffect } from './request'

export interface EndpointParts {
  db: Database
  handlers: Handlers
  clock: Clock
  log: Logger
  /** Shared with the programs that call. Without one only signed-in browsers are heard. */
  secret?: string
  /** Bytes of a body. Default 1 MiB. */
  bodyLimit?: number
  /** Counts a call; throws AdminError `rate_limited`. */
  limit: (key: string) => Promise<void>
  /** Whom calls are counted by. */
  addressOf: (request: Request) => string
  /** The signed-in person behind a request of our own pages, or undefined. */
  actorOf: (request: Request) => Promise<{ id: string; role: string } | undefined>
  /** Knows our own pages: other sites may not speak for who is signed in. */
  site: SiteEnv
}

const BODY_LIMIT = 1024 * 1024

/** `{ kind, payload }` and what else a row may carry, in the columns' spelling or ours. */
const plainShape = z
  .strictObject({
    kind: z.string().min(1).max(200),
    payload: z.unknown().optional(),
    dedupeKey: z.string().min(1).max(1000).optional(),
    dedupe_key: z.string().min(1).max(1000).optional(),
    runAt: z.iso.datetime({ offset: true }).optional(),
    run_at: z.iso.datetime({ offset: true }).optional(),
    maxAttempts: z.int().min(1).max(1000).optional(),
    max_attempts: z.int().min(1).max(1000).optional(),
  })
  .transform((body): EffectRequest => {
    const runAt = body.runAt ?? body.run_at
    return {
      kind: body.kind,
      payload: body.payload ?? {},
      dedupeKey: body.dedupeKey ?? body.dedupe_key,
      runAt: runAt === undefined ? undefined : new Date(runAt),
      maxAttempts: body.maxAttempts ?? body.max_attempts,
    }
  })

/** How the caller proved who it is. */
type Caller = { is: 'program'; signature?: string } | { is: 'person'; actor: { id: string; role: string } }

/**
 * `POST /api/effects`: 202 where a handler will run it, 404 for an unknown kind (the row is kept and runs once there is a
 * handler), 400 malformed, 401 wrong secret, 403 a browser asking for what is not marked for it, 405 other methods,
 * 413 too large, 429 too many, 503 database away.
 */
export async function receiveEffect(request: Request, parts: EndpointParts): Promise<Response> {
  if (request.method !== 'POST') {
    return answer(405, { error: 'method', message: 'Send effects by POST.' }, { allow: 'POST' })
  }
  try {
    await parts.limit(parts.addressOf(request))
    const text = await readBody(request, parts.bodyLimit ?? BODY_LIMIT)
    const caller = await authenticate(request, text, parts)
    const body = parseJson(text)
    if (caller.is === 'person') return await receiveFromBrowser(body, caller.actor, request, parts)
    if (looksLikeHasura(body)) return await receiveEvent(parse(hasuraShape, body), request, parts)
    const asked = parse(plainShape, body)
    // A signed call sent twice within the tolerance is the same call.
    const dedupeKey = asked.dedupeKey ?? (caller.signature && `signature:${caller.signature}`)
    return await insert({ ...asked, dedupeKey }, 'endpoint', request, parts)
  } catch (error) {
    return answerError(error, parts.log)
  }
}

async function authenticate(request: Request, body: string, parts: EndpointParts): Promise<Caller> {
  const refuse = (message: string) => new AdminError('unauthenticated', message)
  const bearer = /^Bearer (.+)$/i.exec(request.headers.get('authorization') ?? '')?.[1]
  const given = request.headers.get('x-kontor-secret') ?? bearer
  const signature = request.headers.get('x-kontor-signature')
  const { secret } = parts
  if (given !== null && given !== undefined) {
    if (secret && isSameSecret(given, secret)) return { is: 'program' }
    throw refuse('The secret is not the one this site was given.')
  }
  if (signature !== null) {
    if (secret && isSigned(signature, body, secret, parts.clock.now().getTime())) return { is: 'program', signature }
    throw refuse('The signature does not fit the body, or is older than five minutes.')
  }
  const actor = isOwnPage(request, parts) ? await parts.actorOf(request) : undefined
  if (actor) return { is: 'person', actor }
  throw refuse('Send the shared secret as X-Kontor-Secret, or sign the body as X-Kontor-Signature.')
}

/** Whether one of our own pages sent it: a form on another site would carry the session's cookie as well. */
function isOwnPage(request: Request, { site }: EndpointParts): boolean {
  if (!request.headers.get('content-type')?.startsWith('application/json')) return false
  try {
    assertSameOrigin(request, site)
    return true
  } catch {
    return false
  }
}

async function receiveFromBrowser(
  body: unknown,
  actor: { id: string; role: string },
  request: Request,
  parts: EndpointParts,
): Promise<Response> {
  const asked = parse(plainShape, body)
  const handler = parts.handlers.get(asked.kind)
  if (!handler) return answer(404, { error: 'not_found', message: `There is no kind "${asked.kind}".` })
  const payload = handler.payload.safeParse(asked.payload)
  if (!payload.success) throw invalid(`The payload does not fit. ${z.prettifyError(payload.error)}`)
  if (!handler.fromBrowser(actor, payload.data)) throw forbidden(`You may not ask for "${asked.kind}".`)
  return insert(asked, actor.id, request, parts)
}

/** An event about a row that is here acts on that row; any other becomes an effect of its own. */
async function receiveEvent(event: HasuraEvent, request: Request, parts: EndpointParts): Promise<Response> {
  const id = effectIdOf(event)
  if (id) {
    // INSERT: the row is due anyway, so wake the dispatchers. MANUAL: somebody asked for it once more.
    const isManual = event.event.op === 'MANUAL'
    const [row] = await transact(parts.db.orm, provenanceOf('endpoint', request), async (tx) => {
      const rows = await tx.execute<{ kind: string; status: string }>(sql`
        update kontor.effects set status = 'pending', run_at = now(), crashes = 0,
          max_attempts = greatest(max_attempts, attempts + 1)
        where id = ${id} and ${isManual}::boolean and status in ('failed', 'dead', 'cancelled')
        returning kind, status`)
      await tx.execute(sql`notify kontor_effects`)
      if (rows.length > 0) return rows
      return tx.execute<{ kind: string; status: string }>(sql`select kind, status from kontor.effects where id = ${id}`)
    })
    if (row) return accepted(id, row.kind, row.status, parts)
  }
  return insert(requestOf(event), 'endpoint', request, parts)
}

async function insert(asked: EffectRequest, actor: string, request: Request, parts: EndpointParts): Promise<Response> {
  const id = await transact(parts.db.orm, provenanceOf(actor, request), (tx) => requestEffect(tx, asked))
  return accepted(id, asked.kind, 'pending', parts)
}

function accepted(id: string, kind: string, status: string, { handlers }: EndpointParts): Response {
  if (handlers.has(kind)) return answer(202, { id, kind, status })
  const message = `There is no handler for "${kind}" yet. The effect is kept and runs once there is one.`
  return answer(404, { id, kind, status, error: 'not_found', message })
}

function provenanceOf(actor: string, request: Request): Provenance {
  return { actor, source: 'endpoint', requestId: request.headers.get('x-request-id')?.slice(0, 200) || randomUUID() }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    throw new AdminError('invalid', 'The body is not JSON.', {}, { cause: error })
  }
}

function parse<T>(shape: z.ZodType<T>, body: unknown): T {
  const parsed = shape.safeParse(body)
  if (parsed.success) return parsed.data
  throw invalid(`The body is malformed. ${z.prettifyError(parsed.error)}`)
}
