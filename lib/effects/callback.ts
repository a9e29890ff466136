import type { Logger } from 'pino'
import type postgres from 'postgres'
import { z } from 'zod'
import { invalid } from '@/lib/errors'
import { type DeferralAnswer, reportOf, settleDeferral } from './deferral'
import type { Handlers } from './handler'
import { answer, answerError } from './http/answer'
import { readBody } from './http/body'

export interface CallbackParts {
  sql: postgres.Sql
  handlers: Handlers
  /** The one `defer()` signs with. */
  secret: string
  log: Logger
  /** Counts a call; throws AdminError `rate_limited`. */
  limit: (key: string) => Promise<void>
  addressOf: (request: Request) => string
}

const BODY_LIMIT = 1024 * 1024

const reportShape = z.union([
  z.strictObject({ error: z.string().max(2000), permanent: z.boolean().optional() }),
  z.strictObject({ payload: z.unknown() }),
])

const ANSWERS: Record<DeferralAnswer, { status: number; message: string }> = {
  completed: { status: 200, message: 'Taken: the effect is completed.' },
  failed: { status: 200, message: 'Taken: the effect will be tried again.' },
  dead: { status: 200, message: 'Taken: the effect is given up.' },
  already: { status: 409, message: 'This was reported before, or the effect was cancelled.' },
  expired: { status: 410, message: 'The deadline for this report has passed.' },
  gone: { status: 410, message: 'The effect is no longer kept.' },
  forged: { status: 404, message: 'This is no address that was handed out here.' },
}

/**
 * `POST /api/effects/callback/<token>` with `{ "payload": … }` or `{ "error": "…" }`, or nothing for a bare completion:
 * 200 taken, 409 reported before, 410 too late or gone, 404 a forged token, 400, 405, 413, 429, 503 as `/api/effects`.
 */
export async function receiveCallback(request: Request, token: string, parts: CallbackParts): Promise<Response> {
  if (request.method !== 'POST') {
    return answer(405, { error: 'method', message: 'Send the report by POST.' }, { allow: 'POST' })
  }
  try {
    await parts.limit(parts.addressOf(request))
    const report = reportOf(parseReport(await readBody(request, BODY_LIMIT)))
    const outcome = await settleDeferral(parts, token, report)
    const { status, message } = ANSWERS[outcome]
    return answer(status, status === 200 ? { status: outcome, message } : { error: outcome, message })
  } catch (error) {
    return answerError(error, parts.log)
  }
}

function parseReport(text: string): z.output<typeof reportShape> {
  if (text.trim() === '') return { payload: null }
  let body: unknown
  try {
    body = JSON.parse(text)
  } catch {
    throw invalid('The report is not JSON.')
  }
  const parsed = reportShape.safeParse(body)
  if (parsed.success) return parsed.data
  throw invalid('A report is { "payload": … } or { "error": "…", "permanent": true }.')
}
