import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import * as callbackRoute from '@/app/api/effects/callback/[token]/route'
import * as effectsRoute from '@/app/api/effects/route'
import { signDeferral } from '@/lib/effects/deferral-token'
import { sign } from '@/lib/effects/http/signature'
import { getRuntime } from '@/lib/runtime'
import { createTestDatabase } from '@/tests/support/database'
import { SECRET } from '@/tests/support/effects'

const db = await createTestDatabase()
const endpoint = { ...effectsRoute }
const callback = { ...callbackRoute }

beforeAll(() => {
  vi.stubEnv('DATABASE_URL', db.urls.app)
  vi.stubEnv('NEXTAUTH_SECRET', 'a secret for sessions, long enough')
  vi.stubEnv('NEXTAUTH_URL', 'http://localhost:3000')
  vi.stubEnv('KONTOR_EFFECTS_SECRET', SECRET)
})
afterAll(async () => {
  await (await getRuntime()).db.close()
  vi.unstubAllEnvs()
})

const url = 'http://localhost:3000/api/effects'
const post = (body: unknown, headers: Record<string, string> = { 'x-kontor-secret': SECRET }) =>
  effectsRoute.POST(new Request(url, { method: 'POST', body: JSON.stringify(body), headers }))

test('a call from outside becomes an effect of the site’s own config', async () => {
  const known = await post({ kind: 'log', payload: { message: 'hello' } })
  expect(known.status).toBe(202)
  const { id } = (await known.json()) as { id: string }
  const [row] = await db.app.sql`select kind, payload, status, created_by from kontor.effects where id = ${id}`
  expect(row).toEqual({ kind: 'log', payload: { message: 'hello' }, status: 'pending', created_by: 'endpoint' })
  expect((await post({ kind: 'nobody.handles' })).status).toBe(404)
  expect((await post({ kind: '' })).status).toBe(400)
  expect((await post({ kind: 'log', payload: {} }, { 'x-kontor-secret': 'wrong' })).status).toBe(401)
})

test('a signed call needs no secret on the wire', async () => {
  const body = JSON.stringify({ kind: 'log', payload: { message: 'signed' } })
  const headers = { 'x-kontor-signature': sign(body, SECRET, Date.now()) }
  expect((await effectsRoute.POST(new Request(url, { method: 'POST', body, headers }))).status).toBe(202)
  const changed = new Request(url, { method: 'POST', body: body.replace('signed', 'forged'), headers })
  expect((await effectsRoute.POST(changed)).status).toBe(401)
})

test.each(['GET', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'] as const)('%s is 405 on both addresses', async (method) => {
  const params = Promise.resolve({ token: 'whatever' })
  for (const response of [
    await endpoint[method](new Request(url, { method })),
    await callback[method](new Request(`${url}/callback/whatever`, { method }), { params }),
  ]) {
    expect(response.status).toBe(405)
    expect(response.headers.get('allow')).toBe('POST')
  }
})

test('the address that a worker signed takes one report', async () => {
  const [row] = await db.app.sql<{ id: string }[]>`insert into kontor.effects (kind) values ('log') returning id`
  const id = row!.id
  await db.app.sql`update kontor.effects set status = 'waiting', attempts = 1, max_attempts = 1,
    lease_until = now() + interval '1 h' where id = ${id}`
  const token = signDeferral({ id, attempt: 1, deadlineMs: Date.now() + 3_600_000 }, SECRET)
  const report = (given: string) =>
    callbackRoute.POST(new Request(`${url}/callback/${given}`, { method: 'POST', body: '{"payload":{"paid":true}}' }), {
      params: Promise.resolve({ token: given }),
    })
  expect((await report(`${token}x`)).status).toBe(404)
  expect((await report(token)).status).toBe(200)
  expect((await report(token)).status).toBe(409)
  const [done] = await db.app.sql`select status, completion_payload from kontor.effects where id = ${id}`
  expect(done).toEqual({ status: 'completed', completion_payload: { paid: true } })
})

test('more than six hundred calls a minute from one place are put off', { timeout: 60_000 }, async () => {
  const calls = Array.from({ length: 620 }, () => post({ kind: '' }))
  const statuses = new Set((await Promise.all(calls)).map(({ status }) => status))
  expect(statuses).toEqual(new Set([400, 429]))
})
