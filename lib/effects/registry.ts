import { parseDuration } from '@/lib/db/duration'
import { resolveBackoff } from './backoff'
import { isPermanent } from './failure'
import type { Handler, HandlerDefinition, HandlerOptions, Handlers } from './handler'

/** Something wrong with a declaration: where, what, and what to write instead. */
export interface HandlerCheck {
  id: string
  path: string
  message: string
  hint: string
}

/** Handlers declared in one place of the config, by kind. */
export interface HandlerSource {
  /** Where, as the checks name it: 'effects', 'sections.shop.resources.orders.effects'. */
  path: string
  handlers: Readonly<Record<string, HandlerDefinition>>
}

type Options = HandlerOptions<never, never>

/** Fills in every default, and returns every mistake at once: a start with any mistake must not go on. */
export function resolveHandlers(sources: readonly HandlerSource[]): { handlers: Handlers; checks: HandlerCheck[] } {
  const handlers = new Map<string, Handler>()
  const checks: HandlerCheck[] = []
  const declaredAt = new Map<string, string>()
  for (const source of sources) {
    for (const [kind, definition] of Object.entries(source.handlers)) {
      const path = `${source.path}.${kind}`
      const earlier = declaredAt.get(kind)
      if (earlier) {
        const message = `The kind "${kind}" has two handlers: here and at ${earlier}.`
        checks.push({ id: 'effects.duplicate', path, message, hint: 'Give one of them another kind.' })
        continue
      }
      declaredAt.set(kind, path)
      const mistakes = checkHandler(path, kind, definition)
      checks.push(...mistakes)
      if (mistakes.length === 0) handlers.set(kind, resolveHandler(kind, definition))
    }
  }
  return { handlers: checks.length > 0 ? new Map() : handlers, checks }
}

function resolveHandler(kind: string, definition: HandlerDefinition): Handler {
  const { options } = definition
  const browser = options.fromBrowser ?? false
  return {
    kind,
    label: options.label ?? kind,
    payload: options.payload,
    run: (payload, ctx) => options.run(payload, ctx),
    concurrency: options.concurrency,
    rate: options.rate && { max: options.rate.max, perMs: parseDuration(options.rate.per) ?? 1000 },
    priority: options.priority ?? 100,
    timeoutMs: parseDuration(options.timeout ?? '1m') ?? 60_000,
    maxAttempts: 1 + (options.retries ?? 10),
    backoffMs: resolveBackoff(options.backoff),
    isWorthRetrying: (error) => !isPermanent(error) && (options.retryOn?.(error) ?? true),
    fromBrowser: typeof browser === 'function' ? (actor, payload) => browser(actor, payload) : () => browser,
  }
}

function checkHandler(path: string, kind: string, definition: HandlerDefinition): HandlerCheck[] {
  const options = definition?.options as Options | undefined
  if (!options || typeof options !== 'object') {
    const message = `The handler of "${kind}" is not one.`
    return [{ id: 'effects.handler', path, message, hint: 'Write handler({ payload: z.object({ … }), run: … }).' }]
  }
  const checks: HandlerCheck[] = []
  const check = (isRight: boolean, at: string, message: string, hint: string) => {
    if (!isRight) checks.push({ id: `effects.${at || 'kind'}`, path: at ? `${path}.${at}` : path, message, hint })
  }
  check(
    kind !== '' && Buffer.byteLength(kind) <= 200,
    '',
    'A kind is 1 to 200 bytes long.',
    "For example 'order.paid'.",
  )
  check(typeof options.run === 'function', 'run', 'run is not a function.', 'run: async (payload, ctx) => …')
  const shape: unknown = options.payload
  const isShape = typeof shape === 'object' && shape !== null && 'safeParse' in shape
  check(
    isShape,
    'payload',
    'payload is not a Zod shape.',
    'payload: z.object({ id: z.number() }); z.unknown() takes all.',
  )
  for (const [name, least, most] of NUMBERS) {
    const value = options[name]
    const isRight = value === undefined || (Number.isInteger(value) && value >= least && value <= most)
    check(isRight, name, `${name} is ${String(value)}.`, `A whole number from ${least} to ${most}.`)
  }
  const { rate, timeout, backoff } = options
  if (rate !== undefined) {
    check(
      Number.isInteger(rate.max) && rate.max >= 1 && rate.max <= 10_000,
      'rate.max',
      `rate.max is ${rate.max}.`,
      '1 to 10000.',
    )
    check(isSpan(rate.per), 'rate.per', `rate.per is ${JSON.stringify(rate.per)}.`, "A span such as '1s' or '1m'.")
  }
  check(
    timeout === undefined || isSpan(timeout),
    'timeout',
    `timeout is ${JSON.stringify(timeout)}.`,
    "A span such as '30s'.",
  )
  if (typeof backoff === 'string') {
    check(
      isSpan(backoff),
      'backoff',
      `backoff is ${JSON.stringify(backoff)}.`,
      "A span such as '2s', or { base, factor, max, jitter }.",
    )
  } else if (typeof backoff === 'object') {
    for (const name of ['base', 'max'] as const) {
      const span = backoff[name]
      check(
        span === undefined || isSpan(span),
        `backoff.${name}`,
        `backoff.${name} is ${JSON.stringify(span)}.`,
        "A span such as '2s'.",
      )
    }
    const { factor = 2, jitter = 0.5 } = backoff
    check(factor >= 1 && factor <= 100, 'backoff.factor', `backoff.factor is ${factor}.`, '1 to 100.')
    check(jitter >= 0 && jitter <= 1, 'backoff.jitter', `backoff.jitter is ${jitter}.`, '0 to 1.')
  }
  const unknown = Object.keys(options).filter((name) => !OPTIONS.has(name))
  for (const name of unknown) {
    check(false, name, `${name} is not an option of a handler.`, `The options are ${[...OPTIONS].join(', ')}.`)
  }
  return checks
}

const NUMBERS = [
  ['concurrency', 1, 10_000],
  ['priority', 1, 1000],
  ['retries', 0, 1000],
] as const

const OPTIONS = new Set<string>([
  'payload',
  'run',
  'label',
  'concurrency',
  'rate',
  'priority',
  'timeout',
  'retries',
  'backoff',
  'retryOn',
  'fromBrowser',
] satisfies (keyof Options)[])

const isSpan = (text: unknown) => typeof text === 'string' && (parseDuration(text) ?? 0) > 0
