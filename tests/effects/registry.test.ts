import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { describeError, traceError } from '@/lib/db/error-text'
import { payloadText, resultText } from '@/lib/db/json-text'
import { resolveBackoff } from '@/lib/effects/backoff'
import { builtInHandlers } from '@/lib/effects/builtin/built-in'
import { readDeferral, signDeferral } from '@/lib/effects/deferral-token'
import { PermanentError, RetryLaterError } from '@/lib/effects/failure'
import { handler } from '@/lib/effects/handler'
import { resolveHandlers } from '@/lib/effects/registry'

const run = () => {}
const payload = z.unknown()

describe('handlers', () => {
  test('every default is filled in', () => {
    const { handlers, checks } = resolveHandlers([{ path: 'effects', handlers: { 'a.b': handler({ payload, run }) } }])
    expect(checks).toEqual([])
    expect(handlers.get('a.b')).toMatchObject({
      kind: 'a.b',
      label: 'a.b',
      priority: 100,
      timeoutMs: 60_000,
      maxAttempts: 11,
    })
    const resolved = handlers.get('a.b')!
    expect(resolved.isWorthRetrying(new Error('x'))).toBe(true)
    expect(resolved.isWorthRetrying(new PermanentError('x'))).toBe(false)
    expect(resolved.isWorthRetrying({ permanent: true })).toBe(false)
    expect(resolved.fromBrowser({ id: 'u', role: 'owner' }, {})).toBe(false)
  })

  test('the built-in kinds are right, and a kind declared twice is said with both places', () => {
    const { checks, handlers } = resolveHandlers([
      { path: 'built-in', handlers: builtInHandlers() },
      { path: 'effects', handlers: { log: handler({ payload, run }) } },
    ])
    expect(checks).toMatchObject([
      { id: 'effects.duplicate', path: 'effects.log', message: expect.stringContaining('built-in.log') },
    ])
    expect(handlers.size).toBe(0)
  })

  test('every mistake is told at once, with its path and what would be right', () => {
    const odd = (options: object) => handler({ payload, run, ...options })
    const { checks } = resolveHandlers([
      {
        path: 'effects',
        handlers: {
          none: undefined as never,
          '': odd({}),
          shape: odd({ payload: {} }),
          run: odd({ run: 'x' }),
          retries: odd({ retries: -1 }),
          concurrency: odd({ concurrency: 0.5 }),
          priority: odd({ priority: 1001 }),
          rate: odd({ rate: { max: 0, per: 'x' } }),
          timeout: odd({ timeout: '0s' }),
          backoff: odd({ backoff: { base: '-1s', factor: 0.5, jitter: 2 } }),
          word: odd({ backoff: 'slowly' }),
          unknown: odd({ timeoutMs: 5 }),
        },
      },
    ])
    expect(checks.map(({ path }) => path)).toEqual([
      'effects.none',
      'effects.',
      'effects.shape.payload',
      'effects.run.run',
      'effects.retries.retries',
      'effects.concurrency.concurrency',
      'effects.priority.priority',
      'effects.rate.rate.max',
      'effects.rate.rate.per',
      'effects.timeout.timeout',
      'effects.backoff.backoff.base',
      'effects.backoff.backoff.factor',
      'effects.backoff.backoff.jitter',
      'effects.word.backoff',
      'effects.unknown.timeoutMs',
    ])
    expect(checks.every(({ message, hint }) => message.length > 8 && hint.length > 3)).toBe(true)
  })
})

describe('waits between attempts', () => {
  test('grow from the base up to the most, and the random share only shortens them', () => {
    const wait = resolveBackoff({ base: '1s', factor: 3, max: '20s', jitter: 0.4 }, () => 0)
    expect([1, 2, 3, 4, 50].map((attempt) => wait(attempt, undefined))).toEqual([1000, 3000, 9000, 20_000, 20_000])
    const shortened = resolveBackoff({ base: '1s', factor: 3, max: '20s', jitter: 0.4 }, () => 1)
    expect([1, 4].map((attempt) => shortened(attempt, undefined))).toEqual([600, 12_000])
  })

  test('a function decides by attempt and error; a span it cannot mean gives the default', () => {
    const wait = resolveBackoff(
      (attempt, error) => (error instanceof RetryLaterError ? '5s' : `${attempt}m`),
      () => 0,
    )
    expect(wait(2, new RetryLaterError('x', 1))).toBe(5000)
    expect(wait(2, new Error('x'))).toBe(120_000)
    expect(
      resolveBackoff(
        () => 'soon',
        () => 0,
      )(1, undefined),
    ).toBe(2000)
  })
})

test('a callback token reads back as what was signed, and any change of it as nothing', () => {
  const claim = fc.record({ id: fc.uuid(), attempt: fc.nat({ max: 2 ** 31 }), deadlineMs: fc.nat({ max: 2 ** 47 }) })
  fc.assert(
    fc.property(claim, fc.string(), fc.nat(), (given, secret, at) => {
      const token = signDeferral(given, secret)
      expect(readDeferral(token, secret)).toEqual({ ...given, id: given.id.toLowerCase() })
      const bytes = Buffer.from(token, 'base64url')
      bytes[at % bytes.length]! ^= 1
      expect(readDeferral(bytes.toString('base64url'), secret)).toBeUndefined()
    }),
  )
})

describe('texts that Postgres keeps', () => {
  test('whatever a handler returns has a text without NUL or half a pair, or a reason why not', () => {
    fc.assert(
      fc.property(fc.anything({ withBigInt: true, withMap: true, withDate: true }), (value) => {
        const { text, problem } = resultText(value)
        if (text === null) return value === undefined || problem !== undefined
        expect(text).not.toMatch(/\\u0000|\\ud[89a-f]/i)
        JSON.parse(text)
        return true
      }),
    )
  })

  test('a payload arrives as it was asked for, or is refused', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        try {
          expect(JSON.parse(payloadText(value))).toEqual(JSON.parse(JSON.stringify(value)))
        } catch (error) {
          expect(error).toMatchObject({ code: 'invalid' })
        }
      }),
    )
  })

  test('errors are told with their causes, whatever was thrown', () => {
    const error = new Error('outer', { cause: new TypeError('inner', { cause: 'root' }) })
    expect(describeError(error)).toBe('outer ← TypeError: inner ← root')
    expect(traceError(error)).toMatch(/Error: outer\n[\s\S]*caused by TypeError: inner\ncaused by root/)
    const loop: Record<string, unknown> = {}
    loop.self = loop
    for (const thrown of [undefined, null, 5n, loop, 'a\u0000b', Symbol('s'), { code: 7 }]) {
      expect(describeError(thrown).length).toBeGreaterThan(0)
      expect(describeError(thrown)).not.toContain('\u0000')
    }
    expect(describeError(new Error('x'.repeat(5000)))).toHaveLength(2000)
  })
})
