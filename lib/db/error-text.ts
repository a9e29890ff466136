import { inspect } from 'node:util'

/** An error as the row keeps it: its name where that says something, message and causes, cut at 2,000 characters. */
export function describeError(error: unknown): string {
  return clean(chain(error).map(oneLine).join(' ← ')).slice(0, 2000)
}

/** An error as the attempt keeps it: with its stack, cut at 8,000 characters. */
export function traceError(error: unknown): string {
  const stack = error instanceof Error ? error.stack : undefined
  const causes = chain(error).slice(1).map(oneLine)
  return clean([stack ?? oneLine(error), ...causes.map((cause) => `caused by ${cause}`)].join('\n')).slice(0, 8000)
}

function chain(error: unknown): unknown[] {
  const found: unknown[] = []
  for (let next = error; next !== undefined && next !== null && found.length < 5; ) {
    found.push(next)
    next = next instanceof Error ? next.cause : undefined
  }
  return found.length > 0 ? found : [error]
}

function oneLine(error: unknown): string {
  if (!(error instanceof Error)) return typeof error === 'string' ? error : `Thrown: ${inspect(error, { depth: 2 })}`
  const saysAll = error.name === 'Error' || error.name === 'AdminError'
  return saysAll ? error.message : `${error.name}: ${error.message}`
}

/** Postgres text holds no NUL and no half of a surrogate pair. */
function clean(text: string): string {
  return text.replaceAll('\u0000', '\uFFFD').replace(/\p{Surrogate}/gu, '\uFFFD')
}
