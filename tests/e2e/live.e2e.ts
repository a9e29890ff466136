import type { Browser, Page } from '@playwright/test'
import { expect, test } from './support/test'

/** A second person's browser at the same site. */
async function another(browser: Browser, page: Page): Promise<Page> {
  const context = await browser.newContext({ storageState: await page.context().storageState() })
  return context.newPage()
}

const isLive = (page: Page) => expect(page.getByText('Live', { exact: true })).toBeVisible()

test.describe('open pages', () => {
  test('follow a list: changed rows in place, new ones announced, deleted ones struck', async ({
    page,
    browser,
    signInAs,
    sql,
    expectAccessible,
  }) => {
    await signInAs('owner')
    const other = await another(browser, page)
    await sql`delete from catalogue.products where name like any ('{Live %,Zwirbel %}')`
    const [first] = await sql`insert into catalogue.products (name, slug, sku, price)
      values ('Zwirbel one', 'live-one', 'LIVE-1', 1) returning id`
    const address = '/admin/catalogue/products?q=Zwirbel&sort=name'
    for (const one of [page, other]) {
      await one.goto(address)
      await isLive(one)
    }
    await page.getByRole('checkbox', { name: 'Select Zwirbel one' }).check()

    await sql`update catalogue.products set price = 7.77 where id = ${first?.id}`
    for (const one of [page, other]) await expect(one.locator('tr[data-changed]')).toContainText('7.77')
    await expect(page.getByRole('checkbox', { name: 'Select Zwirbel one' })).toBeChecked()

    await sql`insert into catalogue.products (name, slug, sku, price)
      values ('Zwirbel a', 'live-a', 'LIVE-A', 1), ('Zwirbel b', 'live-b', 'LIVE-B', 1)`
    for (const one of [page, other]) {
      await expect(one.getByText('2 new products')).toBeVisible()
      await expect(one.locator('tbody tr')).toHaveCount(1)
    }
    await expectAccessible()
    await page.getByRole('button', { name: 'Show' }).click()
    await expect(page.locator('tbody tr')).toHaveCount(3)
    await expect(page.getByText('2 new products')).toBeHidden()

    await sql`delete from catalogue.products where id = ${first?.id}`
    await expect(page.locator('tr[data-gone]')).toContainText('Zwirbel one')
    await expect(page.getByText('1 product deleted')).toBeVisible()
    await page.getByRole('button', { name: 'Show' }).click()
    await expect(page.locator('tbody tr')).toHaveCount(2)
    await sql`delete from catalogue.products where name like any ('{Live %,Zwirbel %}')`
    await other.context().close()
  })

  test('tell a form what changed and by whom, and keep what is typed', async ({ page, signInAs, sql }) => {
    await signInAs('owner')
    await sql`delete from catalogue.products where name like any ('{Live %,Zwirbel %}')`
    const [row] = await sql`insert into catalogue.products (name, slug, sku, price)
      values ('Live form', 'live-form', 'LIVE-2', 1) returning id`
    await page.goto(`/admin/catalogue/products/${row?.id}`)
    await isLive(page)
    const name = page.getByRole('textbox', { name: 'Name', exact: true })
    await sql`update catalogue.products set price = 2 where id = ${row?.id}`
    await expect(page.getByText('Changed just now by postgres: Price.')).toBeVisible()
    await expect(page.getByRole('textbox', { name: 'Price', exact: true })).toHaveValue(/^2(\.00)?$/)

    await name.fill('Live form, typed')
    await sql`update catalogue.products set price = 3 where id = ${row?.id}`
    await expect(page.getByRole('button', { name: 'Keep typing' })).toBeVisible()
    await expect(page.getByRole('textbox', { name: 'Price', exact: true })).toHaveValue(/^2(\.00)?$/)
    await page.getByRole('button', { name: 'Show' }).click()
    await expect(page.getByRole('textbox', { name: 'Price', exact: true })).toHaveValue(/^3(\.00)?$/)
    await expect(name).toHaveValue('Live form, typed')

    await page.getByRole('button', { name: 'Save and continue' }).click()
    await expect(page.getByRole('region', { name: 'History' })).toContainText('Live form, typed')
    await expect(page.getByText('Unsaved changes')).toBeHidden()
    await expect(page.getByText(/Changed just now/)).toBeHidden()

    await name.fill('Live form, again')
    await sql`delete from catalogue.products where id = ${row?.id}`
    await expect(page.getByText('postgres has deleted this product.', { exact: false })).toBeVisible()
    await expect(name).toHaveValue('Live form, again')

    // Saved all the same, it is told again; brought back where it is, what was typed is saved.
    await page.getByRole('button', { name: 'Save and continue' }).click()
    await expect(page.getByText(/does not exist \(any more\)/)).toBeVisible()
    await page.getByRole('button', { name: 'Restore' }).click()
    await expect(page.getByText(/has deleted this product|is not there any more/)).toBeHidden()
    await expect(page.getByText(/does not exist \(any more\)/)).toBeHidden()
    await expect(name).toHaveValue('Live form, again')
    await page.getByRole('button', { name: 'Save and continue' }).click()
    await expect
      .poll(() => sql`select name, price::text from catalogue.products where id = ${row?.id ?? 0}`)
      .toMatchObject([{ name: 'Live form, again', price: '3.00' }])
  })

  test('offer to bring a record back once it is gone, and where nobody may, nothing', async ({
    page,
    signInAs,
    sql,
  }) => {
    await signInAs('editor')
    await sql`delete from catalogue.products where name like any ('{Live %,Zwirbel %}')`
    const [row] = await sql`insert into catalogue.products (name, slug, sku, price)
      values ('Live editor', 'live-editor', 'LIVE-4', 1) returning id`
    const other = await page.request.get(`/api/restorable/catalogue/products/${row?.id}`)
    expect(await other.json()).toEqual({ by: null })
    await sql`delete from catalogue.products where id = ${row?.id}`
    const gone = await page.request.get(`/api/restorable/catalogue/products/${row?.id}`)
    expect(gone.ok() ? await gone.json() : gone.status()).toEqual({ by: { change: expect.any(String) } })
    const person = await page.request.get(`/api/restorable/system/users/${crypto.randomUUID()}`)
    expect(person.ok() ? await person.json() : { by: null }).toEqual({ by: null })
    await page.context().clearCookies()
    expect((await page.request.get(`/api/restorable/catalogue/products/${row?.id}`)).status()).toBe(401)
  })

  test('keep what is typed when a save finds its record deleted in the same moment', async ({
    page,
    signInAs,
    sql,
  }) => {
    await signInAs('owner')
    await sql`delete from catalogue.products where name like any ('{Live %,Zwirbel %}')`
    const [row] = await sql`insert into catalogue.products (name, slug, sku, price)
      values ('Live and gone', 'live-gone', 'LIVE-3', 1) returning id`
    const address = `/admin/catalogue/products/${row?.id}`
    await page.goto(address)
    await isLive(page)
    // After the save and before its answer is drawn: at the end of its own transaction.
    await sql`create function catalogue.delete_at_once() returns trigger language plpgsql as
      $$ begin delete from catalogue.products where id = new.id; return null; end $$`
    await sql`create constraint trigger delete_at_once after update on catalogue.products deferrable initially deferred
      for each row when (new.slug = 'live-gone') execute function catalogue.delete_at_once()`
    try {
      const name = page.getByRole('textbox', { name: 'Name', exact: true })
      // Its answer waits until something was typed after the save.
      let goOn = () => {}
      const isTyped = new Promise<void>((resolve) => {
        goOn = resolve
      })
      await page.route(`**${address}`, async (route) => {
        const answer = await route.fetch()
        await isTyped
        await route.fulfill({ response: answer })
      })
      await name.fill('Live and gone, saved')
      await page.getByRole('button', { name: 'Save and continue' }).click()
      await name.fill('Live and gone, typed after it')
      goOn()
      await expect(
        page.getByText('This product is not there any more. What you see and typed is still here.'),
      ).toBeVisible()
      await expect(page.getByText('Unsaved changes')).toBeVisible()
      await expect(name).toHaveValue('Live and gone, typed after it')
      await expect(page).toHaveURL(address)
    } finally {
      await sql`drop function catalogue.delete_at_once cascade`
    }

    await page.getByRole('link', { name: 'Show as a page' }).click()
    await page.getByRole('button', { name: 'Leave', exact: true }).click()
    await expect(page).toHaveURL(`${address}/history`)
    await page.getByRole('button', { name: 'Restore' }).click()
    await expect(page.getByText('Undone.')).toBeVisible()
    await page.goto(address)
    await expect(page.getByRole('textbox', { name: 'Name', exact: true })).toHaveValue('Live and gone, saved')
    await sql`delete from catalogue.products where id = ${row?.id}`
  })

  test('send an editor nothing that editors may not see', async ({ page, signInAs, sql }) => {
    await signInAs('editor')
    await page.goto('/admin/catalogue/products')
    const wire = await page.evaluateHandle(() => {
      const kept = { text: '' }
      void fetch('/api/live').then(async ({ body }) => {
        const reader = body!.pipeThrough(new TextDecoderStream()).getReader()
        for (let part = await reader.read(); !part.done; part = await reader.read()) kept.text += part.value
      })
      return kept
    })
    const text = () => wire.evaluate(({ text }) => text)
    await expect.poll(text).toContain('hello')
    await sql`update kontor.users set name = name || ' the First' where role = 'owner'`
    await sql`update catalogue.products set price = price + 1 where id = (select min(id) from catalogue.products)`
    await expect.poll(text).toContain('"catalogue/products"')
    await sql`update kontor.users set name = replace(name, ' the First', '') where role = 'owner'`
    const [owner] = await sql`select id from kontor.users where role = 'owner'`
    expect(await text()).not.toContain(owner?.id)
    expect(await text()).not.toContain('the First')
  })

  test('refuse streams without a session, and those beyond a session’s share', async ({ page, signInAs, request }) => {
    expect((await request.get('/api/live')).status()).toBe(401)
    await signInAs('owner')
    await page.goto('/admin/catalogue/products')
    await isLive(page)
    const { statuses, ids } = await page.evaluate(async () => {
      const stop = new AbortController()
      const answers = await Promise.all(
        // Beyond six a browser would wait: each is read to its first words and let go of where it was refused.
        Array.from({ length: 5 }, () =>
          fetch('/api/live', { signal: stop.signal, headers: { 'last-event-id': 'never' } }),
        ),
      )
      const texts = await Promise.all(
        answers.map(async ({ body }) => {
          const reader = body!.pipeThrough(new TextDecoderStream()).getReader()
          let text = ''
          while (!text.includes('reload')) text += (await reader.read()).value
          return text
        }),
      )
      stop.abort()
      return {
        statuses: answers.map(({ status }) => status),
        ids: texts.every((text) => text.includes('event: reload')),
      }
    })
    expect(statuses).toEqual([200, 200, 200, 200, 200])
    expect(ids).toBe(true)
  })

  test('share one connection among tabs, and take over when its page closes', async ({ page, signInAs, sql }) => {
    await signInAs('owner')
    const streams: string[] = []
    page.context().on('request', (request) => {
      if (request.url().endsWith('/api/live')) streams.push(request.url())
    })
    await page.goto('/admin/catalogue/products?q=baguette')
    await isLive(page)
    const tab = await page.context().newPage()
    await tab.goto('/admin/catalogue/products?q=baguette')
    await isLive(tab)
    expect(streams).toHaveLength(1)
    await page.close()
    await expect.poll(() => streams.length).toBe(2)
    await isLive(tab)
    await sql`update catalogue.products set price = price + 1 where name ilike '%baguette%'`
    await expect(tab.locator('tr[data-changed]').first()).toBeVisible()
    await sql`update catalogue.products set price = price - 1 where name ilike '%baguette%'`
  })

  test('show who else is on a record', async ({ page, browser, signInAs }) => {
    await signInAs('editor')
    const other = await another(browser, page)
    await signInAs('owner')
    for (const one of [page, other]) await one.goto('/admin/catalogue/products/1')
    await expect(other.getByText(/is here too/)).toBeVisible()
    await expect(page.getByText(/is here too/)).toBeVisible()
    await other.goto('/admin/catalogue/products/2')
    await expect(page.getByText(/is here too/)).toBeHidden()
    const answer = await page.request.post('/api/live/presence', {
      data: {},
      headers: { origin: 'https://elsewhere.test' },
    })
    expect(answer.status()).toBe(403)
    await other.context().close()
  })
})
