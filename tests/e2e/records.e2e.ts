import type { Page } from '@playwright/test'
import { expect, test } from './support/test'

const field = (page: Page, name: string) => page.locator(`[id="field-${name}"]`)
const save = (page: Page) => page.getByRole('button', { name: 'Save', exact: true })

/** A product of its own for a test, made by psql. */
let made = 0
async function product(
  sql: (strings: TemplateStringsArray, ...values: never[]) => Promise<unknown>,
  name = 'Test loaf',
): Promise<{ id: string; name: string }> {
  made++
  const unique = `${name} ${Date.now()}${made}`
  const slug = unique.toLowerCase().replaceAll(' ', '-')
  const rows =
    (await sql`insert into catalogue.products (name, slug, sku, price) values (${unique as never}, ${slug as never}, ${slug as never}, 2.50) returning id::text`) as {
      id: string
    }[]
  return { id: rows[0]?.id ?? '', name: unique }
}

const GONE = /.{0,40}(has deleted this|is not there any more)/g

/** Collects every word, however short it is seen: by itself those of a record being gone. */
async function collectNotices(page: Page, words = GONE): Promise<() => Promise<string[]>> {
  const handle = await page.evaluateHandle((sought) => {
    const heard = new Set<string>()
    const look = () => {
      for (const one of document.body.textContent?.match(sought) ?? []) heard.add(one)
    }
    new MutationObserver(look).observe(document.body, { childList: true, subtree: true, characterData: true })
    return heard
  }, words)
  return () => handle.evaluate((heard) => [...heard])
}

test.describe('records', () => {
  test('are created, found by searching, changed and deleted, and a deletion is undone', async ({
    page,
    signInAs,
    sql,
  }) => {
    await signInAs('owner')
    const name = `Walnut loaf ${Date.now()}`
    await page.goto('/admin/catalogue/products')
    await page.getByRole('link', { name: 'New product' }).click()
    await field(page, 'name').fill(name)
    await field(page, 'sku').fill(`W-${Date.now()}`)
    await field(page, 'price').fill('4.20')
    await save(page).click()
    await expect(page.getByText(`Product “${name}” created.`)).toBeVisible()
    await expect(page).toHaveURL(/\/admin\/catalogue\/products$/)

    await page
      .getByRole('searchbox', { name: /search/i })
      .first()
      .fill(name)
    await page.keyboard.press('Enter')
    await page.getByRole('link', { name, exact: true }).click()
    await expect(field(page, 'slug')).toHaveValue(/^walnut-loaf-\d+$/)
    await field(page, 'price').fill('4.40')
    await page.keyboard.press('Control+s')
    await expect(page.getByText(`Product “${name}” saved.`)).toBeVisible()
    const [stored] = await sql`select id::text, price::text from catalogue.products where name = ${name}`
    expect(stored?.price).toBe('4.40')

    await page.goto(`/admin/catalogue/products/${stored?.id}`)
    await page.getByRole('button', { name: 'Delete…' }).click()
    await page.getByRole('button', { name: 'Delete', exact: true }).click()
    await expect(page.getByText(`Product “${name}” deleted.`)).toBeVisible()
    expect(await sql`select 1 from catalogue.products where name = ${name}`).toHaveLength(0)

    await page.getByRole('button', { name: 'Undo', exact: true }).last().click()
    await expect(page.getByText(/undone/i).first()).toBeVisible()
    expect((await sql`select id::text from catalogue.products where name = ${name}`)[0]?.id).toBe(stored?.id)
  })

  test('deleted on their own page lead to the list, without a word to whoever did it', async ({
    page,
    signInAs,
    sql,
  }) => {
    await signInAs('owner')
    const { id, name } = await product(sql as never)
    await page.goto(`/admin/catalogue/products/${id}`)
    await expect(page.locator('form[data-ready]')).toBeVisible()
    const heard = await collectNotices(page)
    // However long the list takes, the page hears of the deletion and is drawn again meanwhile.
    await page.route(/\/admin\/catalogue\/products(\?|$)/, async (route) => {
      await new Promise((resolve) => setTimeout(resolve, 1500))
      await route.continue()
    })
    await page.getByRole('button', { name: 'Delete…' }).click()
    await page.getByRole('button', { name: 'Delete', exact: true }).click()
    await expect(page.getByText(`Product “${name}” deleted.`)).toBeVisible()
    await expect(page).toHaveURL(/\/admin\/catalogue\/products$/)
    expect(await heard()).toEqual([])
  })

  test('whose creation is undone on their own page lead to the list, and come back from there', async ({
    page,
    signInAs,
    sql,
  }) => {
    await signInAs('owner')
    const name = `Undone loaf ${Date.now()}`
    const count = async () => (await sql`select 1 from catalogue.products where name = ${name}`).length
    const toast = (text: string) => page.getByRole('alert').filter({ hasText: text })
    await page.goto('/admin/catalogue/products/new')
    await field(page, 'name').fill(name)
    await field(page, 'sku').fill(`U-${Date.now()}`)
    await field(page, 'price').fill('4.20')
    await page.getByRole('button', { name: 'Save and continue' }).click()
    await expect(page).toHaveURL(/\/products\/\d+$/)
    const heard = await collectNotices(page)
    await toast('created').getByRole('button', { name: 'Undo' }).click()
    await expect(page).toHaveURL(/\/admin\/catalogue\/products$/)
    await expect(toast(`Creation of “${name}” undone.`)).toBeVisible()
    await expect(toast('created')).toBeHidden()
    expect(await heard()).toEqual([])
    expect(await count()).toBe(0)
    await toast('Creation of').getByRole('button', { name: 'Undo' }).click()
    await expect(page.getByText('Undone.', { exact: true })).toBeVisible()
    expect(await count()).toBe(1)
  })

  test('whose creation is undone while something is typed in them keep it, and go on when it is redone', async ({
    page,
    signInAs,
    sql,
  }) => {
    await signInAs('owner')
    const name = `Typed loaf ${Date.now()}`
    const undo = (said: string) =>
      page.getByRole('alert').filter({ hasText: said }).getByRole('button', { name: 'Undo' })
    await page.goto('/admin/catalogue/products/new')
    await field(page, 'name').fill(name)
    await field(page, 'sku').fill(`T-${Date.now()}`)
    await field(page, 'price').fill('4.20')
    await page.getByRole('button', { name: 'Save and continue' }).click()
    await expect(page).toHaveURL(/\/products\/\d+$/)
    await field(page, 'price').fill('4.50')
    await undo('created').click()
    await expect(page.getByText('What you see and typed is still here.')).toBeVisible()
    await expect(field(page, 'price')).toHaveValue('4.50')
    await undo('Creation of').click()
    await expect(page.getByText('What you see and typed is still here.')).toBeHidden()
    await save(page).click()
    await expect(page.getByText(`Product “${name}” saved.`)).toBeVisible()
    expect((await sql`select price::text from catalogue.products where name = ${name}`)[0]?.price).toBe('4.50')
  })

  test('that cannot be saved say why beside the field, and keep what was typed', async ({ page, signInAs, sql }) => {
    await signInAs('owner')
    const taken = await product(sql as never)
    await page.goto('/admin/catalogue/products/new')
    await field(page, 'name').fill('Another one')
    await field(page, 'slug').fill(taken.name.toLowerCase().replaceAll(' ', '-'))
    await field(page, 'sku').fill(`S-${Date.now()}`)
    await field(page, 'price').fill('1.00')
    await save(page).click()
    await expect(page.getByText(`Taken by “${taken.name}”. Choose another.`).first()).toBeVisible()
    await expect(field(page, 'name')).toHaveValue('Another one')
    await field(page, 'price').fill('cheap')
    await save(page).click()
    await expect(field(page, 'price')).toHaveAttribute('aria-invalid', 'true')
    await expect(field(page, 'price')).toHaveValue('cheap')
  })

  test('changed by psql meanwhile: another field merges, the same field is compared and chosen', async ({
    page,
    signInAs,
    sql,
  }) => {
    await signInAs('owner')
    const { id } = await product(sql as never)
    await page.goto(`/admin/catalogue/products/${id}`)
    await field(page, 'price').fill('3.10')
    await sql`update catalogue.products set stock = 77 where id = ${id}`
    await page.getByRole('button', { name: 'Save and continue' }).click()
    await expect(page.getByText(/” saved/).first()).toBeVisible()
    expect((await sql`select price::text, stock from catalogue.products where id = ${id}`)[0]).toEqual({
      price: '3.10',
      stock: 77,
    })

    await page.goto(`/admin/catalogue/products/${id}`)
    // Typed first: where nothing is, the page takes over what somebody else saves.
    await field(page, 'price').fill('5.00')
    await sql`update catalogue.products set price = 9.99 where id = ${id}`
    await page.getByRole('button', { name: 'Save and continue' }).click()
    await expect(page.getByRole('heading', { name: 'Somebody else changed this too' })).toBeVisible()
    expect((await sql`select price::text from catalogue.products where id = ${id}`)[0]?.price).toBe('9.99')
    await page.getByText('Use mine').click()
    await page.getByRole('button', { name: 'Save with these choices' }).click()
    await expect(page.getByText(/” saved/).first()).toBeVisible()
    expect((await sql`select price::text from catalogue.products where id = ${id}`)[0]?.price).toBe('5.00')
  })

  for (const [way, height] of [
    ['Save', 480],
    ['Save and continue', 844],
    ['Control+s', 844],
  ] as const) {
    test(`refused by a conflict on ${way} show the comparison, however far the form is scrolled`, async ({
      page,
      signInAs,
      sql,
    }) => {
      await signInAs('owner')
      await page.setViewportSize({ width: way === 'Save' ? 1440 : 390, height })
      const { id } = await product(sql as never)
      await page.goto(`/admin/catalogue/products/${id}`)
      await field(page, 'price').fill('5.00')
      await sql`update catalogue.products set price = 9.99 where id = ${id}`
      await page.locator('form[data-ready] [id^="field-"]').last().scrollIntoViewIfNeeded()
      expect(await page.evaluate(() => window.scrollY)).toBeGreaterThan(200)
      if (way === 'Control+s') await page.keyboard.press(way)
      else await page.getByRole('button', { name: way, exact: true }).click()
      const panel = page.getByRole('region', { name: 'Somebody else changed this too' })
      await expect(panel).toBeFocused()
      const header = await page.getByRole('banner').boundingBox()
      const box = await panel.boundingBox()
      expect(box?.y).toBeGreaterThanOrEqual(header?.height ?? 0)
      expect(box?.y).toBeLessThan(height / 2)
    })
  }

  test('held by others are not deleted, and the dialog says by whom', async ({ page, signInAs, sql }) => {
    await signInAs('owner')
    const [held] = await sql`select p.id::text from catalogue.products p
      where not p.locked and exists (select from shop.order_lines l where l.product_id = p.id) order by p.id limit 1`
    await page.goto(`/admin/catalogue/products/${held?.id}`)
    await page.getByRole('button', { name: 'Delete…' }).click()
    await expect(page.getByText(/cannot go while it is referred to by .*order lines?/)).toBeVisible()
    await page.getByRole('button', { name: 'Delete', exact: true }).click()
    await expect(page.getByRole('alert').filter({ hasText: /still in use: .*order lines?/ })).toBeVisible()
    await expect(page.getByRole('button', { name: 'Try again' })).toBeHidden()
  })

  test('are not found under an id that no record can have', async ({ page, signInAs, expectedErrors }) => {
    expectedErrors.push(/404/)
    await signInAs('owner')
    for (const path of ['products/%00', 'products/%00/history', 'products/1,%00']) {
      const answer = await page.request.get(`/admin/catalogue/${path}`)
      expect([path, answer.status()]).toEqual([path, 404])
    }
  })

  test('take a text of more than a megabyte', async ({ page, signInAs, sql }) => {
    await signInAs('owner')
    const { id } = await product(sql as never)
    await page.goto(`/admin/catalogue/products/${id}`)
    await expect(page.locator('form[data-ready]')).toBeVisible()
    await field(page, 'description').fill('crumb '.repeat(300_000))
    await save(page).click()
    await expect(page.getByText(/” saved/).first()).toBeVisible()
    const [stored] = await sql`select length(description) as n from catalogue.products where id = ${id}`
    expect(stored?.n).toBeGreaterThan(1_700_000)
  })

  test('saved without a change are written not at all', async ({ page, signInAs, sql }) => {
    await signInAs('owner')
    const { id } = await product(sql as never)
    const row = async () => (await sql`select p::text as row, xmin::text from catalogue.products p where id = ${id}`)[0]
    const before = await row()
    await page.goto(`/admin/catalogue/products/${id}`)
    await expect(page.locator('form[data-ready]')).toBeVisible()
    await page.keyboard.press('Control+s')
    await expect(page.getByText(/had nothing to change/)).toBeVisible()
    expect(await row()).toEqual(before)
  })

  test('changed by psql show it in their history with the database user, and are set back by one click', async ({
    page,
    signInAs,
    sql,
  }) => {
    await signInAs('owner')
    const { id } = await product(sql as never)
    await sql`update catalogue.products set price = 7.77 where id = ${id}`
    await page.goto(`/admin/catalogue/products/${id}/history`)
    const entry = page.getByRole('article').first()
    await expect(entry).toContainText('sql')
    await expect(entry).toContainText('7.77')
    await entry.getByRole('button', { name: 'Undo' }).click()
    await expect(page.getByText('Undone.')).toBeVisible()
    expect((await sql`select price::text from catalogue.products where id = ${id}`)[0]?.price).toBe('2.50')
  })

  test('set back by an undo on their own page are not told of as somebody else’s', async ({ page, signInAs, sql }) => {
    await signInAs('owner')
    const { id } = await product(sql as never)
    await sql`update catalogue.products set price = 7.77 where id = ${id}`
    await page.goto(`/admin/catalogue/products/${id}`)
    await expect(page.getByText('Live', { exact: true })).toBeVisible()
    const notices = await collectNotices(page, /Changed just now by \w+/g)
    await page.getByRole('region', { name: 'History' }).getByRole('button', { name: 'Undo' }).first().click()
    await expect(page.getByText('Undone.')).toBeVisible()
    await expect(field(page, 'price')).toHaveValue('2.50')
    // What others do is told as before, and heard after what the undo did.
    await sql`update catalogue.products set price = 3.10 where id = ${id}`
    await expect(page.getByText('Changed just now by postgres: Price.')).toBeVisible()
    expect(await notices()).toEqual(['Changed just now by postgres'])
  })

  test('have what is chosen replaced by what is typed after a click', async ({ page, signInAs, sql }) => {
    await signInAs('owner')
    const { id } = await product(sql as never)
    const [one, other] = await sql`select id, name from catalogue.categories order by id limit 2`
    await sql`update catalogue.products set category_id = ${one?.id} where id = ${id}`
    await page.goto(`/admin/catalogue/products/${id}`)
    await expect(page.locator('form[data-ready]')).toBeVisible()
    const category = field(page, 'categoryId')
    await category.click()
    await page.keyboard.type(other?.name)
    await expect(category).toHaveValue(other?.name)
    await page.getByRole('option', { name: other?.name }).first().waitFor()
    await page.keyboard.press('Enter')
    await save(page).click()
    await expect(page.getByText(/” saved/).first()).toBeVisible()
    const [stored] = await sql`select c.name from catalogue.products p
      join catalogue.categories c on c.id = p.category_id where p.id = ${id}`
    expect(stored?.name).toBe(other?.name)
  })

  test('deleted by psql lead to their history, which brings them back', async ({ page, signInAs, sql }) => {
    await signInAs('owner')
    const { id, name } = await product(sql as never)
    await sql`delete from catalogue.products where id = ${id}`
    const address = `/admin/catalogue/products/${id}`
    expect((await page.request.get(address, { maxRedirects: 0 })).status()).toBe(307)
    await page.goto(address)
    await expect(page).toHaveURL(/\/history$/)
    await page.getByRole('button', { name: 'Restore' }).click()
    await expect(page.getByText('Undone.')).toBeVisible()
    expect((await sql`select name from catalogue.products where id = ${id}`)[0]?.name).toBe(name)
  })
})

test.describe('an editor', () => {
  test('writes and corrects, but is offered no deletion', async ({ page, signInAs, sql }) => {
    await signInAs('editor')
    const { id, name } = await product(sql as never)
    await page.goto(`/admin/catalogue/products/${id}`)
    await field(page, 'price').fill('2.80')
    await save(page).click()
    await expect(page.getByText(`Product “${name}” saved.`)).toBeVisible()
    await page.goto(`/admin/catalogue/products/${id}`)
    await expect(field(page, 'name')).toBeVisible()
    await expect(page.getByRole('button', { name: 'Delete…' })).toHaveCount(0)
    expect((await page.request.get('/admin/effects')).status()).toBe(403)
  })
})
