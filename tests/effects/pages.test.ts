import { beforeAll, describe, expect, test } from 'vitest'
import { transact } from '@/lib/db/transaction'
import type { EffectState } from '@/lib/effects/effect'
import { cancelEffects, replayEffects, retryEffects } from '@/lib/effects/operations'
import { attemptSeries, countDead, countStates } from '@/lib/effects/pages/counts'
import { getEffect } from '@/lib/effects/pages/detail'
import { type EffectPageOptions, listEffects, listKinds } from '@/lib/effects/pages/list'
import { effectPulse, effectsPulse } from '@/lib/effects/pages/pulse'
import { requestEffect } from '@/lib/effects/request'
import { createTestDatabase } from '@/tests/support/database'

const db = await createTestDatabase()
const { sql } = db.app
const provenance = { actor: 'user:9', source: 'effects page', requestId: 'req-page' }
const operator = { db: db.app, provenance }
const MANY = 120_000

beforeAll(async () => {
  await db.admin.sql.unsafe(`
    insert into kontor.effects (kind, payload, status, created_at, attempts, max_attempts, last_error)
    select case when n % 10 = 0 then 'mail' when n % 1000 = 1 then 'rare' else 'hook' end,
      jsonb_build_object('n', n, 'text', case when n = 777 then '100%_Sure' else 'x' end),
      case when n % 20000 = 0 then 'dead' when n % 3 = 0 then 'pending' else 'completed' end,
      timestamptz '2030-01-01' + n / 3 * interval '1 s', 1, 11, case when n % 20000 = 0 then 'no' end
    from generate_series(1, ${MANY}) n;
    analyze kontor.effects`)
})

/** Every page from the first on; checks that going back from each gives the one before. */
async function walk(options: EffectPageOptions, most = 8) {
  const pages: string[][] = []
  let after: string | undefined
  let earlier: string[] | undefined
  do {
    const page = await listEffects(sql, { ...options, after })
    if (earlier && page.before) {
      const back = await listEffects(sql, { ...options, before: page.before })
      expect(back.rows.map(({ id }) => id)).toEqual(earlier)
    }
    earlier = page.rows.map(({ id }) => id)
    pages.push(earlier)
    after = page.after
  } while (after && pages.length < most)
  return { ids: pages.flat(), isEnd: after === undefined }
}

describe('the list', () => {
  test('shows the newest first and goes on without gap or repetition, both ways', async () => {
    const { ids } = await walk({ size: 10 })
    const expected = await sql`select id from kontor.effects order by created_at desc, id desc limit 80`
    expect(ids).toEqual(expected.map(({ id }) => id))
  })

  test.each<[string, EffectPageOptions['filter'], string]>([
    ['a state', { states: ['dead'] }, `status = 'dead'`],
    [
      'two states and a kind',
      { states: ['dead', 'pending'], kinds: ['mail'] },
      `status in ('dead', 'pending') and kind = 'mail'`,
    ],
    ['a rare kind', { kinds: ['rare'] }, `kind = 'rare'`],
    ['no kind at all', { kinds: [] }, 'false'],
    [
      'a span of time',
      { from: new Date('2030-01-01T00:01:00Z'), to: new Date('2030-01-01T00:01:10Z') },
      `created_at >= '2030-01-01 00:01:00Z' and created_at < '2030-01-01 00:01:10Z'`,
    ],
    [
      'a state in a span',
      { states: ['pending'], from: new Date('2030-01-01T00:01:00Z'), to: new Date('2030-01-01T00:01:10Z') },
      `status = 'pending' and created_at >= '2030-01-01 00:01:00Z' and created_at < '2030-01-01 00:01:10Z'`,
    ],
  ])('filters by %s', async (_what, filter, condition) => {
    const { ids, isEnd } = await walk({ size: 7, filter })
    const expected = await sql.unsafe(
      `select id from kontor.effects where ${condition} order by created_at desc, id desc`,
    )
    expect(ids).toEqual(expected.slice(0, ids.length).map(({ id }) => id))
    expect(isEnd).toBe(ids.length === expected.length)
  })

  test('finds text in payloads, says how far back it has read, and goes on from there', async () => {
    const filter = { text: '100%_sure' }
    let page = await listEffects(sql, { filter })
    let steps = 1
    while (page.rows.length === 0 && page.after) {
      expect(page.searchedTo).toMatch(/^2030-01-/)
      page = await listEffects(sql, { filter, after: page.after })
      steps++
    }
    expect(steps).toBe(6)
    expect(page.rows).toMatchObject([{ payload: '{"n": 777, "text": "100%_Sure"}' }])
    const narrow = { text: '"N": 777', from: new Date('2030-01-01T00:04:00Z'), to: new Date('2030-01-01T00:05:00Z') }
    expect((await listEffects(sql, { filter: narrow })).rows).toHaveLength(1)
    expect((await listEffects(sql, { filter: { ...narrow, states: ['dead'] } })).rows).toHaveLength(0)
  })

  test('reads a bounded number of rows however deep, and refuses a damaged address', async () => {
    const [middle] = await sql`select created_at::text, id from kontor.effects order by created_at limit 1 offset 60000`
    const after = Buffer.from(`${middle!.created_at}|${middle!.id}`).toString('base64url')
    for (const options of [{}, { filter: { states: ['dead' as EffectState] } }, { filter: { kinds: ['rare'] } }]) {
      const startedAt = performance.now()
      await listEffects(sql, { ...options, after })
      expect(performance.now() - startedAt).toBeLessThan(2500)
    }
    for (const damaged of ['', 'x', Buffer.from("2030-01-01 00:00:00+00|' or true").toString('base64url')]) {
      await expect(listEffects(sql, { after: damaged })).rejects.toMatchObject({ code: 'invalid' })
    }
  })
})

test('kinds and counts by state come without reading everything, capped at ten thousand', async () => {
  expect(await listKinds(sql)).toEqual(['hook', 'mail', 'rare'])
  const counts = await countStates(sql)
  expect(counts.dead).toEqual({ count: 6, isCapped: false })
  expect(counts.completed).toEqual({ count: 10_000, isCapped: true })
  expect(counts.running).toEqual({ count: 0, isCapped: false })
  expect((await countStates(sql, ['mail'])).pending).toEqual({ count: 4000 - 2, isCapped: false })
})

test('the series counts attempts by their end, empty steps included', async () => {
  await db.admin.sql`insert into kontor.effect_attempts (effect_id, kind, attempt, outcome, ended_at)
    select gen_random_uuid(), 'chart', 1, outcome, timestamptz '2031-01-01' + at * interval '1 s'
    from (values ('completed', 1), ('completed', 9), ('failed', 11), ('late', 12), ('timeout', 31)) as a(outcome, at)`
  const series = await attemptSeries(sql, {
    from: new Date('2031-01-01'),
    to: new Date('2031-01-01T00:00:40Z'),
    steps: 4,
  })
  expect(series.map(({ completed, failed }) => [completed, failed])).toEqual([
    [2, 0],
    [0, 1],
    [0, 0],
    [0, 1],
  ])
  expect(series[1]!.at).toBe('2031-01-01 00:00:10+00')
})

describe('operations', () => {
  const make = async (status: EffectState, more = '') => {
    const id = await requestEffect(db.app.orm, { kind: 'op', payload: { n: 1 } })
    await db.admin.sql.unsafe(`update kontor.effects set status = '${status}' ${more} where id = '${id}'`)
    return id
  }
  const stateOf = async (id: string) => (await sql`select * from kontor.effects where id = ${id}`)[0]!

  test('retry makes the unfinished due with another attempt, and leaves the rest', async () => {
    const dead = await make('dead', ', attempts = 11, max_attempts = 11, crashes = 3')
    const failed = await make('failed', ", attempts = 1, max_attempts = 11, run_at = now() + interval '1 h'")
    const done = await make('completed', ', completed_at = now()')
    expect(await retryEffects(operator, { ids: [dead, failed, done] })).toEqual({ changed: 2, hasMore: false })
    expect(await stateOf(dead)).toMatchObject({ status: 'pending', max_attempts: 12, crashes: 0 })
    expect(await stateOf(failed)).toMatchObject({ status: 'pending', max_attempts: 11 })
    expect(await stateOf(done)).toMatchObject({ status: 'completed' })
    const logged = await sql`select * from kontor.changes where relation = 'kontor.effects' and record_id = ${dead}`
    expect(logged).toMatchObject([
      {
        op: 'update',
        actor: 'user:9',
        source: 'effects page',
        request_id: 'req-page',
        before: { status: 'dead', max_attempts: '11' },
        after: { status: 'pending', max_attempts: '12' },
        changed: expect.arrayContaining(['status', 'max_attempts']),
      },
    ])
  })

  test('cancel stops what is not finished and says who did it', async () => {
    const running = await make(
      'running',
      ", attempts = 1, lease_token = gen_random_uuid(), lease_until = now() + interval '1 h'",
    )
    const pending = await make('pending')
    const done = await make('completed', ', completed_at = now()')
    expect((await cancelEffects(operator, { ids: [running, pending, done] })).changed).toBe(2)
    expect(await stateOf(running)).toMatchObject({ status: 'cancelled', lease_token: null })
    const detail = await getEffect(sql, running)
    expect(detail!.attemptList).toMatchObject([{ outcome: 'cancelled', error: 'Cancelled by user:9' }])
    expect((await getEffect(sql, pending))!.attemptList).toEqual([])
  })

  test('replay requests finished effects anew and leaves them as they are', async () => {
    const done = await make('completed', ', completed_at = now()')
    const open = await make('pending')
    expect((await replayEffects(operator, { ids: [done, open] })).changed).toBe(1)
    const { replays } = (await getEffect(sql, done))!
    expect(await getEffect(sql, replays[0]!)).toMatchObject({
      kind: 'op',
      payload: { n: 1 },
      state: 'pending',
      replayOf: done,
      createdBy: 'user:9',
      requestId: 'req-page',
    })
  })

  test('many are changed by their state, kind and time, at most ten thousand a call', async () => {
    const selection = { states: ['pending' as EffectState], kinds: ['hook'] }
    expect(await cancelEffects(operator, selection)).toEqual({ changed: 10_000, hasMore: true })
    expect(await retryEffects(operator, { states: ['cancelled'], kinds: ['hook'] })).toEqual({
      changed: 10_000,
      hasMore: true,
    })
    expect(await retryEffects(operator, { states: ['completed'] })).toEqual({ changed: 0, hasMore: false })
    expect(await cancelEffects(operator, { states: [] })).toEqual({ changed: 0, hasMore: false })
    await expect(retryEffects(operator, { ids: ["x'; drop table x"] })).rejects.toMatchObject({ code: 'invalid' })
  })

  test('what was given up can be put away, and a search narrows what is changed', async () => {
    const before = await countDead(sql, 7)
    const [first, second] = [await make('dead'), await make('dead')]
    const third = await requestEffect(db.app.orm, { kind: 'op', payload: { text: 'Other 100%' } })
    await db.admin.sql`update kontor.effects set status = 'dead' where id = ${third}`
    expect(await countDead(sql, 7)).toEqual({ count: before.count + 3, isCapped: false })
    const day = new Date().toISOString().slice(0, 10)
    const from = `${day} 00:00 UTC`
    const narrow = { states: ['dead' as EffectState], kinds: ['op'], from }
    expect((await cancelEffects(operator, { ...narrow, text: 'OTHER 100%' })).changed).toBe(1)
    expect((await cancelEffects(operator, { ...narrow, to: from })).changed).toBe(0)
    expect((await cancelEffects(operator, { ids: [first, second] })).changed).toBe(2)
    expect(await countDead(sql, 7)).toEqual(before)
    expect(await stateOf(third)).toMatchObject({ status: 'cancelled' })
    expect((await getEffect(sql, third))!.attemptList).toEqual([])
  })

  test('the pulse of the pages changes with what they show, and with nothing else', async () => {
    const id = await make('pending')
    const both = async () => [await effectsPulse(sql), await effectPulse(sql, id)] as const
    const first = await both()
    expect(await both()).toEqual(first)
    const [newest] = await db.admin.sql<{ id: string }[]>`
      insert into kontor.effects (kind, created_at) values ('op', '2031-01-01') returning id`
    const other = newest!.id
    const second = await both()
    expect(second[0]).not.toBe(first[0])
    expect(second[1]).toBe(first[1])
    await cancelEffects(operator, { ids: [id] })
    const third = await both()
    expect(third[0]).not.toBe(second[0])
    expect(third[1]).not.toBe(second[1])
    await db.app.sql`insert into kontor.effect_attempts (effect_id, kind, attempt, outcome)
      values (${other}, 'op', 1, 'completed')`
    expect((await both())[0]).not.toBe(third[0])
    expect(await effectPulse(sql, '00000000-0000-0000-0000-000000000000')).toBe('')
  })

  test('the detail shows what an effect asked for in turn, and nothing for a strange id', async () => {
    const id = await make('pending')
    await transact(db.app.orm, { ...provenance, requestId: id }, (tx) =>
      requestEffect(tx, { kind: 'next', payload: 1 }),
    )
    expect((await getEffect(sql, id))!.followUps).toMatchObject([{ kind: 'next', state: 'pending' }])
    expect(await getEffect(sql, 'no-id')).toBeUndefined()
    expect(await getEffect(sql, '00000000-0000-0000-0000-000000000000')).toBeUndefined()
  })
})
