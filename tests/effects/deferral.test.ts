import { pino } from 'pino'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { receiveCallback } from '@/lib/effects/callback'
import { settleDeferral } from '@/lib/effects/deferral'
import { readDeferral, signDeferral } from '@/lib/effects/deferral-token'
import { type Deferral, type HandlerContext, handler } from '@/lib/effects/handler'
import { resolveHandlers } from '@/lib/effects/registry'
import { requestEffect } from '@/lib/effects/request'
import { createTestDatabase } from '@/tests/support/database'
import { effectsWorkers, SECRET } from '@/tests/support/effects'

const db = await createTestDatabase()
const start = await effectsWorkers(db)
const effectOf = async (id: string) => (await db.app.sql`select * from kontor.effects where id = ${id}`)[0]!
const outcomes = async (id: string) =>
  (await db.app.sql`select outcome from kontor.effect_attempts where effect_id = ${id} order by id`).map(
    (row) => row.outcome,
  )
const reaches = (id: string, status: string) =>
  expect.poll(async () => (await effectOf(id)).status, { interval: 20 }).toBe(status)

const deferrals = new Map<string, Deferral[]>()
type Behave = (ctx: HandlerContext, deferral: Deferral) => unknown
let behave: Behave = () => 'ignored'
let deadline = '1h'
const definition = handler({
  payload: z.unknown(),
  backoff: '10ms',
  retries: 2,
  run: async (_payload, ctx) => {
    const deferral = await ctx.defer({ deadline })
    deferrals.set(ctx.id, [...(deferrals.get(ctx.id) ?? []), deferral])
    return behave(ctx, deferral)
  },
})
const alerts: unknown[] = []
const alert = handler({ payload: z.unknown(), run: (payload) => void alerts.push(payload) })
const { handlers } = resolveHandlers([{ path: 'effects', handlers: { outside: definition, 'effect.dead': alert } }])
await start({ outside: definition, 'effect.dead': alert })
const parts = {
  sql: db.app.sql,
  secret: SECRET,
  handlers,
  log: pino({ level: 'silent' }),
  limit: async () => {},
  addressOf: () => 'here',
}
const report = async (token: string, body: unknown, method = 'POST') => {
  const init = { method, body: method === 'GET' ? undefined : typeof body === 'string' ? body : JSON.stringify(body) }
  const response = await receiveCallback(new Request('http://localhost/x', init), token, parts)
  return response.status
}
const ask = async (next: Behave = () => 'ignored', until = '1h') => {
  behave = next
  deadline = until
  const id = await requestEffect(db.app.orm, { kind: 'outside', payload: {} })
  await expect.poll(() => deferrals.get(id)?.length).toBeGreaterThan(0)
  return { id, deferral: deferrals.get(id)!.at(-1)! }
}

test('a deferred effect waits, ignores what its handler returns, and is completed once by its callback', async () => {
  const { id, deferral } = await ask()
  expect(await effectOf(id)).toMatchObject({ status: 'waiting', completion_payload: null })
  expect(deferral.url).toMatch(new RegExp(`/api/effects/callback/${deferral.token}$`))
  expect(await report(deferral.token, { payload: { paid: true } })).toBe(200)
  expect(await effectOf(id)).toMatchObject({ status: 'completed', completion_payload: { paid: true }, attempts: 1 })
  expect(await report(deferral.token, { payload: { paid: false } })).toBe(409)
  expect(await report(deferral.token, { error: 'no' })).toBe(409)
  expect((await effectOf(id)).completion_payload).toEqual({ paid: true })
  expect(await outcomes(id)).toEqual(['completed'])
})

test('two reports at once are one completion', async () => {
  const { deferral } = await ask()
  const statuses = await Promise.all([1, 2, 3, 4].map((n) => report(deferral.token, { payload: n })))
  expect(statuses.toSorted()).toEqual([200, 409, 409, 409])
})

test('a callback that comes before the handler returned counts', async () => {
  const { id } = await ask(async (_ctx, { token }) => {
    expect(await settleDeferral(parts, token, { payload: 'early' })).toBe('completed')
    return 'ignored'
  })
  await reaches(id, 'completed')
  expect((await effectOf(id)).completion_payload).toBe('early')
})

test('a reported failure is tried again, a permanent one is not', async () => {
  const { id, deferral } = await ask()
  expect(await report(deferral.token, { error: 'card refused' })).toBe(200)
  await expect.poll(() => deferrals.get(id)!.length).toBe(2)
  const second = deferrals.get(id)![1]!
  expect(second.token).not.toBe(deferral.token)
  expect(await report(deferral.token, { payload: 'of the first attempt' })).toBe(409)
  expect(await report(second.token, { error: 'stolen card', permanent: true })).toBe(200)
  expect(await effectOf(id)).toMatchObject({ status: 'dead', last_error: 'stolen card' })
  await expect.poll(() => alerts).toContainEqual({ id, kind: 'outside', attempts: 2, error: 'stolen card' })
})

test('a handler that fails after defer() fails the attempt, and the handed-out address is void', async () => {
  let failures = 0
  const { id } = await ask((ctx) => {
    if (ctx.attempt === 1 && failures++ === 0) throw new Error('could not call')
  })
  await expect.poll(() => deferrals.get(id)!.length).toBe(2)
  expect(await report(deferrals.get(id)![0]!.token, { payload: 1 })).toBe(409)
  expect(await report(deferrals.get(id)![1]!.token, '')).toBe(200)
  expect(await outcomes(id)).toEqual(['failed', 'completed'])
})

test('a deadline that passes fails the attempt, and the last one for good', async () => {
  const { id, deferral } = await ask(() => {}, '150ms')
  await reaches(id, 'dead')
  expect((await effectOf(id)).last_error).toMatch(/No callback/)
  expect(await outcomes(id)).toEqual(['timeout', 'timeout', 'timeout'])
  expect(await report(deferral.token, { payload: 1 })).toBe(410)
})

test('a row that is gone is said to be gone', async () => {
  const { id, deferral } = await ask()
  await db.app.sql`update kontor.effects set status = 'cancelled' where id = ${id}`
  expect(await report(deferral.token, { payload: 1 })).toBe(409)
  await db.owner.sql`select kontor.purge_effects(now() + interval '1 s')`
  expect(await report(deferral.token, { payload: 1 })).toBe(410)
})

test('forged, foreign and damaged tokens are refused, and other methods and bodies too', async () => {
  const { deferral } = await ask()
  const claim = readDeferral(deferral.token, SECRET)!
  expect(readDeferral(deferral.token, 'another secret')).toBeUndefined()
  for (const token of [
    signDeferral(claim, 'another secret'),
    `${deferral.token}A`,
    deferral.token.slice(0, -2),
    deferral.token.replace(/^./, (first) => (first === 'A' ? 'B' : 'A')),
    '',
    '../../etc/passwd',
  ]) {
    expect(await report(token, { payload: 1 })).toBe(404)
  }
  expect(await report(deferral.token, undefined, 'GET')).toBe(405)
  expect(await report(deferral.token, '{')).toBe(400)
  expect(await report(deferral.token, { result: 1 })).toBe(400)
  expect(await report(deferral.token, { payload: '\u0000' })).toBe(400)
  expect(await report(deferral.token, { payload: 'x'.repeat(1_100_000) })).toBe(413)
  expect(await report(deferral.token, { payload: 1 })).toBe(200)
})
