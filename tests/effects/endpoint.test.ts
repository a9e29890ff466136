import { randomUUID } from 'node:crypto'
import { pino } from 'pino'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { connect } from '@/lib/db/client'
import { type EndpointParts, receiveEffect } from '@/lib/effects/endpoint'
import { handler } from '@/lib/effects/handler'
import { limitCalls } from '@/lib/effects/http/rate'
import { sign } from '@/lib/effects/http/signature'
import { resolveHandlers } from '@/lib/effects/registry'
import { requestEffect } from '@/lib/effects/request'
import { createTestDatabase } from '@/tests/support/database'
import { SECRET } from '@/tests/support/effects'

const db = await createTestDatabase()
const anything = handler({ payload: z.unknown(), run: () => {} })
const { handlers } = resolveHandlers([
  {
    path: 'effects',
    handlers: {
      known: anything,
      'orders.inserted': anything,
      'from.browser': handler({
        payload: z.object({ n: z.number() }),
        run: () => {},
        fromBrowser: (actor) => actor.role === 'owner',
      }),
    },
  },
])
const clock = { now: () => new Date('2030-01-01T12:00:00Z') }
let actor: { id: string; role: string } | undefined

const parts: EndpointParts = {
  db: db.app,
  handlers,
  clock,
  log: pino({ level: 'silent' }),
  secret: SECRET,
  limit: async () => {},
  addressOf: () => 'here',
  actorOf: async () => actor,
  site: { siteUrl: 'https://admin.example', port: 3000 },
}

const send = async (body: unknown, headers: Record<string, string> = { 'x-kontor-secret': SECRET }, more = {}) => {
  const text = typeof body === 'string' ? body : JSON.stringify(body)
  const request = new Request('http://localhost/api/effects', { method: 'POST', body: text, headers })
  const response = await receiveEffect(request, { ...parts, ...more })
  return { status: response.status, body: await response.json(), headers: response.headers }
}
const effectOf = async (id: string) => (await db.app.sql`select * from kontor.effects where id = ${id}`)[0]
const total = async () => Number((await db.app.sql`select count(*) from kontor.effects`)[0]!.count)
const event = (more: object = {}, inner: object = {}) => ({
  id: randomUUID(),
  created_at: '2030-01-01T00:00:00Z',
  trigger: { name: 'orders.inserted' },
  table: { schema: 'public', name: 'orders' },
  event: { op: 'INSERT', session_variables: null, data: { old: null, new: { id: 7 } }, ...inner },
  delivery_info: { max_retries: 3, current_retry: 0 },
  ...more,
})

describe('plain bodies', () => {
  test('a known kind is 202, and the row is there with who and what', async () => {
    const headers = { 'x-kontor-secret': SECRET, 'x-request-id': 'r-9' }
    const { status, body, headers: sent } = await send({ kind: 'known', payload: { a: 1 } }, headers)
    expect([status, body.kind]).toEqual([202, 'known'])
    expect(sent.get('cache-control')).toBe('no-store')
    expect(await effectOf(body.id)).toMatchObject({ payload: { a: 1 }, created_by: 'endpoint', request_id: 'r-9' })
  })

  test('an unknown kind is 404, and its row is kept', async () => {
    const { status, body } = await send({ kind: 'never.heard', payload: {} })
    expect(status).toBe(404)
    expect(await effectOf(body.id)).toMatchObject({ kind: 'never.heard', status: 'pending' })
  })

  test('dedupe key, moment and attempts are taken in either spelling', async () => {
    const one = await send({ kind: 'known', dedupe_key: 'k', run_at: '2040-01-01T00:00:00Z', max_attempts: 3 })
    const two = await send({ kind: 'known', dedupeKey: 'k', runAt: '2041-01-01T00:00:00Z', maxAttempts: 4 })
    expect(two.body.id).toBe(one.body.id)
    expect(await effectOf(one.body.id)).toMatchObject({
      run_at: '2040-01-01 00:00:00+00',
      max_attempts: 3,
      payload: {},
    })
  })

  test.each([
    ['no JSON', '{"kind":'],
    ['an array', []],
    ['no kind', { payload: {} }],
    ['an empty kind', { kind: '', payload: {} }],
    ['a kind that is no text', { kind: 7, payload: {} }],
    ['an unknown key', { kind: 'known', payload: {}, delay: -5 }],
    ['a moment that is none', { kind: 'known', payload: {}, runAt: 'tomorrow' }],
    ['no attempts', { kind: 'known', payload: {}, maxAttempts: 0 }],
    ['a NUL in the payload', { kind: 'known', payload: { text: '\u0000' } }],
  ])('%s is 400 with a message, and leaves no row', async (_what, body) => {
    const before = await total()
    const answer = await send(body)
    expect([answer.status, answer.body.error]).toEqual([400, 'invalid'])
    expect(answer.body.message.length).toBeGreaterThan(10)
    expect(await total()).toBe(before)
  })

  test('a body beyond the limit is 413, whether it says its length or not', async () => {
    const body = { kind: 'known', payload: 'x'.repeat(5_000_000) }
    expect((await send(body)).status).toBe(413)
    const stream = new Blob([JSON.stringify(body)]).stream()
    const init = { method: 'POST', body: stream, headers: { 'x-kontor-secret': SECRET }, duplex: 'half' }
    expect((await receiveEffect(new Request('http://localhost/api/effects', init), parts)).status).toBe(413)
    expect((await send(body, undefined, { bodyLimit: 6_000_000 })).status).toBe(202)
  })

  test.each(['GET', 'PUT', 'DELETE', 'PATCH'])('%s is 405 and says what is allowed', async (method) => {
    const response = await receiveEffect(new Request('http://localhost/api/effects', { method }), parts)
    expect([response.status, response.headers.get('allow')]).toEqual([405, 'POST'])
  })
})

describe('who may call', () => {
  const body = { kind: 'known', payload: {} }
  const text = JSON.stringify(body)
  const now = clock.now().getTime()

  test.each([
    ['nothing', {}],
    ['another secret', { 'x-kontor-secret': 'guess' }],
    ['a secret of the right length', { 'x-kontor-secret': 'x'.repeat(SECRET.length) }],
    ['another bearer', { authorization: 'Bearer guess' }],
    ['a signature of another body', { 'x-kontor-signature': sign('{}', SECRET, now) }],
    ['a signature by another secret', { 'x-kontor-signature': sign(text, 'another', now) }],
    ['a signature six minutes old', { 'x-kontor-signature': sign(text, SECRET, now - 6 * 60_000) }],
    ['a signature of the future', { 'x-kontor-signature': sign(text, SECRET, now + 6 * 60_000) }],
    ['a malformed signature', { 'x-kontor-signature': 't=x,v1=y' }],
  ])('%s is 401 and leaves no row', async (_what, headers) => {
    const before = await total()
    expect((await send(body, headers as Record<string, string>)).status).toBe(401)
    expect(await total()).toBe(before)
  })

  test('a site without a secret hears no program', async () => {
    for (const headers of [{ 'x-kontor-secret': '' }, { 'x-kontor-secret': 'undefined' }]) {
      expect((await send(body, headers, { secret: undefined })).status).toBe(401)
    }
  })

  test('a bearer and a signature are heard; a signed call sent twice is one effect', async () => {
    expect((await send(body, { authorization: `Bearer ${SECRET}` })).status).toBe(202)
    const headers = { 'x-kontor-signature': sign(text, SECRET, now - 60_000) }
    const [one, two] = [await send(text, headers), await send(text, headers)]
    expect([one.status, two.status]).toEqual([202, 202])
    expect(two.body.id).toBe(one.body.id)
  })

  test('a signed-in browser may ask for marked kinds, under the policy of the kind', async () => {
    const headers = {
      'content-type': 'application/json',
      origin: 'https://admin.example',
    }
    const asked = { kind: 'from.browser', payload: { n: 1 } }
    actor = { id: 'user:1', role: 'owner' }
    const { status, body: taken } = await send(asked, headers)
    expect(status).toBe(202)
    expect(await effectOf(taken.id)).toMatchObject({ created_by: 'user:1' })
    expect((await send({ kind: 'known', payload: {} }, headers)).status).toBe(403)
    expect((await send({ kind: 'never.heard', payload: {} }, headers)).status).toBe(404)
    expect((await send({ kind: 'from.browser', payload: { n: 'x' } }, headers)).status).toBe(400)
    expect((await send(asked, { ...headers, origin: 'https://evil.example' })).status).toBe(401)
    expect((await send(asked, { 'content-type': 'application/json' })).status).toBe(401)
    expect((await send(asked, { ...headers, 'content-type': 'text/plain' })).status).toBe(401)
    actor = { id: 'user:2', role: 'viewer' }
    expect((await send(asked, headers)).status).toBe(403)
    actor = undefined
    expect((await send(asked, headers)).status).toBe(401)
  })

  test('more calls than allowed are 429 and say when to come back', async () => {
    const limit = limitCalls(db.app.sql, 2, 60)
    expect((await send(body, undefined, { limit })).status).toBe(202)
    expect((await send(body, { 'x-kontor-secret': 'guess' }, { limit })).status).toBe(401)
    const third = await send(body, undefined, { limit })
    expect(third.status).toBe(429)
    expect(Number(third.headers.get('retry-after'))).toBeGreaterThan(0)
  })

  test('a database that is away is 503 and asks for another try', async () => {
    const gone = connect('postgres://kontor_app:test@127.0.0.1:1/none')
    const answer = await send(body, undefined, { db: gone })
    expect([answer.status, answer.headers.get('retry-after')]).toEqual([503, '5'])
    await gone.close()
  })
})

describe('event triggers of Hasura', () => {
  test('an event about any table becomes one effect, however often it is delivered', async () => {
    const body = event()
    const [one, two] = [await send(body), await send(body)]
    expect([one.status, two.body.id]).toEqual([202, one.body.id])
    expect(await effectOf(one.body.id)).toMatchObject({
      kind: 'orders.inserted',
      dedupe_key: body.id,
      payload: { op: 'INSERT', table: 'public.orders', new: { id: 7 }, old: null },
    })
  })

  test('a row that has a kind and payload of its own gives those', async () => {
    const row = { id: randomUUID(), kind: 'known', payload: { from: 'elsewhere' } }
    const { body } = await send(
      event({ table: { schema: 'other', name: 'effects' } }, { data: { old: null, new: row } }),
    )
    expect(await effectOf(body.id)).toMatchObject({ kind: 'known', payload: { from: 'elsewhere' } })
    expect(body.id).not.toBe(row.id)
  })

  const about = (id: string, op = 'INSERT') =>
    event(
      { table: { schema: 'kontor', name: 'effects' } },
      { op, data: { old: null, new: { id, kind: 'known', payload: {} } } },
    )

  test('an event about a row of kontor.effects acts on that row and inserts none', async () => {
    const id = await requestEffect(db.app.orm, { kind: 'known', payload: {} })
    const before = await total()
    const answer = await send(about(id))
    expect([answer.status, answer.body.id, answer.body.status]).toEqual([202, id, 'pending'])
    const unknown = await requestEffect(db.app.orm, { kind: 'never.heard', payload: {} })
    expect((await send(about(unknown))).status).toBe(404)
    expect(await total()).toBe(before + 1)
  })

  test('MANUAL brings a dead effect back, and leaves a completed one alone', async () => {
    const [dead, done] = [
      await requestEffect(db.app.orm, { kind: 'known', payload: {} }),
      await requestEffect(db.app.orm, { kind: 'known', payload: {} }),
    ]
    await db.app.sql`update kontor.effects set status = 'dead', attempts = 11, max_attempts = 11 where id = ${dead}`
    await db.app.sql`update kontor.effects set status = 'completed', completed_at = now() where id = ${done}`
    expect((await send(about(dead))).body.status).toBe('dead')
    expect((await send(about(dead, 'MANUAL'))).body.status).toBe('pending')
    expect(await effectOf(dead)).toMatchObject({ status: 'pending', max_attempts: 12 })
    expect((await send(about(done, 'MANUAL'))).body).toMatchObject({ id: done, status: 'completed' })
  })

  test('an event about a row that is not here becomes an effect of its own', async () => {
    const body = about(randomUUID())
    const answer = await send(body)
    expect(answer.status).toBe(202)
    expect(await effectOf(answer.body.id)).toMatchObject({ kind: 'known', dedupe_key: body.id })
  })

  test.each([
    ['an UPDATE', event({}, { op: 'UPDATE' })],
    ['no row', event({}, { data: { old: null, new: null } })],
    ['no id', event({ id: undefined })],
    ['no table', event({ table: undefined })],
  ])('%s is 400', async (_what, body) => {
    expect((await send(body)).status).toBe(400)
  })
})
