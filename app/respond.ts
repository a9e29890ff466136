import { reportError } from './report'

/**
 * The answer of a route handler that could not do its work: JSON with the code, what a person may read of it, and the
 * status that goes with it. What is unexpected is logged under the reference in the message.
 */
export async function respondError(error: unknown): Promise<Response> {
  const { code, message, status } = await reportError(error)
  return Response.json({ error: { code, message } }, { status, headers: { 'cache-control': 'no-store' } })
}

/** The answer of a route handler that gives JSON for this one person and moment, or says why it could not. */
export async function respondJson(work: () => Promise<unknown>): Promise<Response> {
  try {
    return Response.json(await work(), { headers: { 'cache-control': 'no-store' } })
  } catch (error) {
    return respondError(error)
  }
}
