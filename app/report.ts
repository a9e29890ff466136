import { randomBytes } from 'node:crypto'
import { ConfigError } from '@/lib/admin'
import type { ActionResult } from '@/lib/admin/view'
import { isConnectionLost, postgresErrorOf } from '@/lib/db/postgres-errors'
import { databaseAway } from '@/lib/db/reachability'
import { AdminError } from '@/lib/errors'
import { getRuntime } from '@/lib/runtime'

/**
 * What a person may read of an error: an AdminError speaks for itself; a database that is away is said so; anything
 * else is logged with its cause and shown with a short reference.
 */
export async function reportError(error: unknown): Promise<AdminError & { reference?: string }> {
  if (error instanceof AdminError && !(error instanceof ConfigError)) return error
  if (isConnectionLost(error)) return databaseAway()
  if (postgresErrorOf(error)?.code === '57014') {
    return new AdminError(
      'timeout',
      'The database took too long and was stopped. Narrow the filters or sort by another column.',
    )
  }
  const reference = randomBytes(4).toString('hex')
  const { log } = await getRuntime()
  log.error({ err: error, reference }, 'unexpected error')
  const shown = new AdminError(
    'unexpected',
    `Something went wrong on our side. If it happens again, mention the reference ${reference}.`,
  )
  return Object.assign(shown, { reference })
}

/** Runs the body of a server action; whatever it throws becomes an answer the form can draw. */
export async function answer<T>(work: () => Promise<{ message: string; value: T }>): Promise<ActionResult<T>> {
  try {
    return { ok: true, ...(await work()) }
  } catch (error) {
    if (isNextSignal(error)) throw error
    const { code, message, details, reference } = await reportError(error)
    const conflicts = details.conflicts as Extract<ActionResult, { ok: false }>['conflicts']
    const version = typeof details.version === 'string' ? details.version : undefined
    return { ok: false, code, message, fields: details.fields ?? {}, conflicts, reference, version }
  }
}

/** Next's own redirects and not-found answers travel as errors. */
function isNextSignal(error: unknown): boolean {
  return error instanceof Error && 'digest' in error && String(error.digest).startsWith('NEXT_')
}
