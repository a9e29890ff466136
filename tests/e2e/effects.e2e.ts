import { readFile } from 'node:fs/promises'
import type { Page } from '@playwright/test'
import type postgres from 'postgres'
import { EFFECTS_SECRET } from './support/site'
import { expect, test } from './support/test'

/** What an effect asked for in turn, once all of it has ended. */
async function followUps(sql: postgres.Sql, id: string) {
  await expect
    .poll(async () => {
      const rows = await sql`select status from kontor.effects where request_id = ${id}`
      return rows.length > 0 && rows.every(({ status }) => status === 'completed' || status === 'dead')
    })
    .toBe(true)
  return sql<{ id: string; kind: string; status: string; result: Record<string, unknown> }[]>`
    select id, kind, status, completion_payload as result from kontor.effects where request_id = ${id} order by kind`
}

/** The effect that a change of this order's status requested, by its place among them. */
async function statusEffect(sql: postgres.Sql, order: string, nth: number): Promise<string> {
  let ids: string[] = []
  await expect
    .poll(async () => {
      const rows = await sql<{ id: string }[]>`
        select id from kontor.effects where kind = 'order.statusChanged' and payload->>'record_id' = ${order}
        order by created_at`
      ids = rows.map(({ id }) => id)
      return ids.length
    })
    .toBe(nth)
  return ids[nth - 1] ?? ''
}

const row = (page: Page, kind: string) => page.getByRole('row').filter({ hasText: kind }).first()

test.describe('effects', () => {
  test('an order’s new status tells its customer and a webhook, whether a form or psql made it', async ({
    page,
    signInAs,
    sql,
    expectAccessible,
  }) => {
    const [order] = await sql<{ id: string; email: string }[]>`
      select o.id::text, c.email from shop.orders o join shop.customers c on c.id = o.customer_id
      where o.status = 'paid' order by o.id desc limit 1`
    const { id = '', email = '' } = order ?? {}
    await signInAs('owner')
    await page.goto(`/admin/shop/orders/${id}`)
    await page.locator('[id="field-status"]').click()
    await page.getByRole('option', { name: 'Baking' }).click()
    await page.getByRole('button', { name: 'Save', exact: true }).click()
    await expect(page.getByText(/saved\./).first()).toBeVisible()

    const byForm = await statusEffect(sql, id, 1)
    const [mail, webhook] = await followUps(sql, byForm)
    expect(mail).toMatchObject({ kind: 'email.send', status: 'completed', result: { isDelivered: false } })
    const kept = await readFile(String(mail?.result.file), 'utf8')
    expect(kept).toContain(`To: ${email}`)
    expect(kept).toContain('baking')
    expect(webhook).toMatchObject({ kind: 'http.request', status: 'completed', result: { status: 202 } })

    await page.goto('/admin/effects')
    await expect(row(page, 'order.statusChanged')).toBeVisible()
    await sql`update shop.orders set status = 'ready' where id = ${id}`
    const byPsql = await statusEffect(sql, id, 2)
    await sql`update shop.orders set note = 'Nothing follows from a note.' where id = ${id}`
    expect((await followUps(sql, byPsql)).map(({ status }) => status)).toEqual(['completed', 'completed'])
    await statusEffect(sql, id, 2)
    // The page was open all the while: it shows the new one without being asked.
    await expect(page.getByText(`Order ${id} is now ready`).first()).toBeVisible()

    await page.goto(`/admin/effects/${byPsql}`)
    await expect(page.getByRole('heading', { name: 'order.statusChanged' })).toBeVisible()
    await expect(page.getByText('"status": "ready"')).toBeVisible()
    await page.getByRole('link', { name: 'http.request' }).click()
    await expect(page.getByText('"status": 202')).toBeVisible()
    await expectAccessible()
  })

  test('one that was given up is told, tried again, run again and put away; one that waits is cancelled', async ({
    page,
    signInAs,
    sql,
    expectAccessible,
  }) => {
    const [dead] = await sql<{ id: string }[]>`
      insert into kontor.effects (kind, payload) values ('email.send', '{"to": "nobody"}') returning id`
    const state = async (id: string) => (await sql`select status, attempts from kontor.effects where id = ${id}`)[0]
    await expect.poll(() => state(dead?.id ?? '')).toMatchObject({ status: 'dead', attempts: 1 })
    await signInAs('owner')
    await page.goto('/admin')
    await page.getByRole('link', { name: /^Look after/ }).click()
    await expect(page).toHaveURL(/state=dead/)
    await row(page, 'email.send').getByRole('link').click()
    await expect(page.getByText(/The payload does not fit/).first()).toBeVisible()

    await page.getByRole('button', { name: 'Retry', exact: true }).click()
    await expect(page.getByText('1 effect will be tried again.')).toBeVisible()
    await expect.poll(() => state(dead?.id ?? '')).toMatchObject({ status: 'dead', attempts: 2 })
    await page.getByRole('button', { name: 'Replay…' }).click()
    await page.getByRole('button', { name: 'Replay', exact: true }).click()
    await expect(page.getByText('1 effect requested once more.')).toBeVisible()
    await expect(page.getByRole('heading', { name: 'Run again as' })).toBeVisible()
    await page.getByRole('button', { name: 'Dismiss' }).click()
    await expect(page.getByText('1 effect cancelled.')).toBeVisible()
    expect(await state(dead?.id ?? '')).toMatchObject({ status: 'cancelled' })

    const [waiting] = await sql<{ id: string }[]>`
      insert into kontor.effects (kind, payload, run_at) values ('log', '{"message": "later"}', now() + interval '1 day')
      returning id`
    await page.goto(`/admin/effects/${waiting?.id}`)
    await expectAccessible()
    await page.getByRole('button', { name: 'Cancel…' }).click()
    await page.getByRole('button', { name: 'Cancel', exact: true }).click()
    await expect(page.getByText('1 effect cancelled.').last()).toBeVisible()
    expect(await state(waiting?.id ?? '')).toMatchObject({ status: 'cancelled', attempts: 0 })
    const logged = await sql`select actor from kontor.changes
      where relation = 'kontor.effects' and record_id = ${waiting?.id ?? ''}`
    expect(logged).toEqual([{ actor: expect.stringMatching(/^user:/) }])
  })

  test('the endpoint hears programs that know the secret, over the wire', async ({ request, baseURL }) => {
    const send = (data: object, headers: Record<string, string>) => request.post('/api/effects', { data, headers })
    const known = { kind: 'log', payload: { message: 'from outside' } }
    const secret = { 'x-kontor-secret': EFFECTS_SECRET }
    expect((await send(known, secret)).status()).toBe(202)
    expect((await send({ kind: 'nobody.handles' }, secret)).status()).toBe(404)
    expect((await send({ kind: 7 }, secret)).status()).toBe(400)
    expect((await send(known, { 'x-kontor-secret': 'wrong' })).status()).toBe(401)
    expect((await send({ kind: 'log', payload: 'x'.repeat(5_000_000) }, secret)).status()).toBe(413)
    for (const method of ['GET', 'HEAD', 'PUT', 'DELETE', 'PATCH', 'OPTIONS']) {
      const answer = await request.fetch(`${baseURL}/api/effects`, { method })
      expect([method, answer.status(), answer.headers().allow]).toEqual([method, 405, 'POST'])
    }
    expect((await request.post('/api/effects/callback/forged', { data: { payload: 1 } })).status()).toBe(404)
  })

  test('they are the owners’ to see and steer', async ({ page, signInAs }) => {
    await signInAs('editor')
    await page.goto('/admin/effects')
    await expect(page.getByRole('heading', { name: 'Effects', exact: true })).toHaveCount(0)
    expect((await page.request.get('/api/pulse?of=effects')).status()).toBe(403)
    expect((await page.request.get('/api/pulse?of=everything')).status()).toBe(422)
  })
})

test('a task runs now, pauses, goes on and starts afresh, and its page shows it', async ({
  page,
  signInAs,
  sql,
  expectAccessible,
}) => {
  const name = 'Write the day’s takings'
  const task = async () => (await sql`select * from kontor.tasks where name = ${name}`)[0]
  await signInAs('owner')
  await page.goto('/admin/tasks')
  const card = page.getByRole('region', { name })
  await card.getByRole('button', { name: 'Run now' }).click()
  await expect(page.getByText(/runs as soon as a worker is free/)).toBeVisible()
  await expect(
    card
      .getByRole('list', { name: `Runs of ${name}` })
      .getByText('ok')
      .first(),
  ).toBeVisible()
  expect(await task()).toMatchObject({ runs_succeeded: '1' })
  await card.getByRole('button', { name: 'Pause' }).click()
  await expect(card.getByRole('button', { name: 'Resume' })).toBeVisible()
  expect(await task()).toMatchObject({ paused: true })
  await card.getByRole('button', { name: 'Resume' }).click()
  await expect(card.getByRole('button', { name: 'Pause' })).toBeVisible()
  await card.getByRole('button', { name: 'Reset…' }).click()
  await page.getByRole('button', { name: 'Reset', exact: true }).click()
  await expect(page.getByText(/starts afresh/)).toBeVisible()
  await expect.poll(task).toMatchObject({ runs_succeeded: '0', paused: false })
  await expectAccessible()
})

test('more changes than one undo takes are undone in the background, and its page follows it to the end', async ({
  page,
  signInAs,
  sql,
  expectAccessible,
}) => {
  test.setTimeout(240_000)
  const noted = async () => Number((await sql`select count(*) from shop.customers where notes = 'Cash only'`)[0]?.count)
  const before = await noted()
  await sql`update shop.customers set notes = 'Cash only' where id <= 10500 and notes is distinct from 'Cash only'`
  // Somebody went on with one of them since: that one is left out.
  await sql`update shop.customers set notes = 'Card again' where id = 7`
  await signInAs('owner')
  await page.goto('/admin/changes?q=Cash+only')
  await page.getByRole('button', { name: 'Undo…' }).last().click()
  // One question: what is too much for one step is not offered as one.
  await expect(page.getByRole('dialog')).not.toContainText('in one step')
  await page.getByRole('button', { name: 'Undo in the background' }).click()
  // The whole of it is looked at before anything is undone, on the job's own page.
  await expect(page).toHaveURL(/\/admin\/tasks\/jobs\//)
  await expect(page.getByRole('progressbar')).toBeVisible()
  const question = page.getByRole('region', { name: 'Something is in the way' })
  await expect(question).toContainText('was changed again since', { timeout: 60_000 })
  await expect(question.getByRole('row').last()).toContainText('Card again')
  await expect(page.getByText('Waiting for an answer')).toBeVisible()
  expect(await noted()).toBeGreaterThan(before + 10_000)
  await expectAccessible()
  // It waits however long: the home page of whoever asked for it says so.
  await page.goto('/admin')
  await page.getByRole('link', { name: 'Decide' }).click()
  await question.getByRole('button', { name: 'Undo the rest' }).click()
  await expect(question).toBeHidden()
  await expect(page.getByText('Completed, some left out')).toBeVisible({ timeout: 180_000 })
  await expect(page.getByRole('table', { name: 'Left out' })).toContainText(/[Cc]hanged again/)
  expect(await noted()).toBe(before)
  await expect(page.getByRole('button', { name: 'Undo…' })).toBeVisible()
  await expectAccessible()
  // What it did in many transactions is one entry of the activity, and a page of its own.
  await page.getByRole('link', { name: 'Every change' }).click()
  await expect(page.getByRole('heading', { name: 'Changed together' })).toBeVisible()
  await expect(page.locator('main article')).toHaveCount(50)
  await expectAccessible()
  await page.goto('/admin/changes')
  await expect(page.locator('main article').filter({ hasText: 'customers in the background' })).toHaveCount(1)
  await page.getByRole('link', { name: 'over 1,000 customers' }).first().click()
  await expect(page.getByRole('heading', { name: 'Changed together' })).toBeVisible()
  await page.goto('/admin/tasks')
  await page.getByRole('link', { name: 'Tasks' }).first().click()
  await expect(page.getByRole('region', { name: 'Background jobs' })).toContainText(/Undo 10,\d+ changes/)
})

test('a large undo with nothing in its way goes on by itself, and one that is left alone does nothing', async ({
  page,
  signInAs,
  sql,
}) => {
  test.setTimeout(240_000)
  const noted = async () => Number((await sql`select count(*) from shop.customers where notes = 'By card'`)[0]?.count)
  const undo = async () => {
    await page.goto('/admin/changes?q=By+card')
    await page.getByRole('button', { name: 'Undo…' }).last().click()
    await page.getByRole('button', { name: 'Undo in the background' }).click()
    await expect(page).toHaveURL(/\/admin\/tasks\/jobs\//)
  }
  await sql`update shop.customers set notes = 'By card' where id <= 10100`
  await sql`update shop.customers set notes = 'In coins' where id = 7`
  await signInAs('owner')
  await undo()
  await page.getByRole('button', { name: 'Undo nothing' }).click({ timeout: 60_000 })
  await expect(page.getByText('Cancelled')).toBeVisible()
  await expect(page.getByText('Nothing was done.', { exact: true })).toBeVisible()
  expect(await noted()).toBe(10_099)

  await sql`update shop.customers set notes = 'By card' where id = 7`
  await page.getByRole('button', { name: 'Start again' }).click()
  await expect(page.getByText('Completed', { exact: true })).toBeVisible({ timeout: 180_000 })
  expect(await noted()).toBe(0)
})
