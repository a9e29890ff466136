import { invalid } from '@/lib/errors'

/** Results above this many bytes are not kept whole: the row is read by pages and by other programs. */
const RESULT_LIMIT = 1024 * 1024

/**
 * A payload as the text of a jsonb value.
 * @throws AdminError `invalid` where JSON or jsonb cannot hold it exactly: what was asked for must arrive unchanged
 */
export function payloadText(payload: unknown): string {
  let lossy: string | undefined
  const text = stringify(payload, (mended) => {
    lossy = mended
  })
  if (text instanceof Error) throw invalid(`The payload is not JSON: ${text.message}.`)
  if (lossy !== undefined) throw invalid(`The payload holds text that Postgres cannot store: ${lossy}.`)
  return text
}

/**
 * A handler's or task's result as the text of a jsonb value. Never throws: the work is done by then, and must not be done
 * again because its result cannot be kept. `problem` says what was left out.
 */
export function resultText(result: unknown): { text: string | null; problem?: string } {
  if (result === undefined) return { text: null }
  const text = stringify(result, () => {})
  if (text instanceof Error) return { text: null, problem: `The result was not kept, it is not JSON: ${text.message}` }
  const bytes = Buffer.byteLength(text)
  if (bytes > RESULT_LIMIT) return { text: null, problem: `The result was not kept, it is ${bytes} bytes long` }
  return { text }
}

/** JSON text in which every string is one that jsonb takes: no NUL, no half of a surrogate pair. */
function stringify(value: unknown, onMended: (what: string) => void): string | Error {
  const mend = (text: string) => {
    const mended = text.replaceAll('\u0000', '\uFFFD').replace(/\p{Surrogate}/gu, '\uFFFD')
    if (mended !== text) onMended(text.includes('\u0000') ? 'a NUL character' : 'half of a surrogate pair')
    return mended
  }
  try {
    const text = JSON.stringify(value, (_key, member: unknown) => {
      if (typeof member === 'string') return mend(member)
      if (isPlainObject(member) && Object.keys(member).some((key) => mend(key) !== key)) {
        return Object.fromEntries(Object.entries(member).map(([key, inner]) => [mend(key), inner]))
      }
      return member
    })
    return text ?? 'null'
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error))
  }
}

function isPlainObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
