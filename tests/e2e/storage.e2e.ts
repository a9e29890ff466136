import type { Page } from '@playwright/test'
import type postgres from 'postgres'
import { expect, test } from './support/test'

const field = (page: Page, name: string) => page.locator(`[id="field-${name}"]`)
const saveAndStay = (page: Page) => page.getByRole('button', { name: 'Save and continue' })
const timer = (page: Page) => page.getByRole('timer')

/** Opens a record and waits until its form is alive: what is typed before that, the browser may mix with what was there. */
async function openForm(page: Page, path: string): Promise<void> {
  await page.goto(path)
  await expect(page.locator('form[data-ready]')).toBeVisible()
}

let made = 0

/** A cart made by psql: its trigger gives it half an hour. */
async function newCart(sql: postgres.Sql): Promise<{ id: string; code: string; path: string }> {
  const code = `T-${Date.now()}${made++}`
  const [cart] = await sql`insert into shop.carts (code) values (${code}) returning id::text`
  return { id: cart?.id, code, path: `/admin/shop/carts/${cart?.id}` }
}

const lifeOf = async (sql: postgres.Sql, id: string) =>
  (await sql`select extract(epoch from expires_at - now())::float8 as left from shop.carts where id = ${id}`)[0]
    ?.left as number

/** As if it had last been touched so many seconds before its time is over. */
const setLife = (sql: postgres.Sql, id: string, seconds: number) => sql`
  update shop.carts set expires_at = now() + ${seconds} * interval '1 second',
    touched_at = now() + ${seconds} * interval '1 second' - interval '30 minutes' where id = ${id}`

test.describe('an ephemeral record', () => {
  test('counts down in the list, which keeps nothing alive', async ({ page, signInAs, sql, expectAccessible }) => {
    await signInAs('owner')
    const [long, short] = [await newCart(sql), await newCart(sql)]
    await setLife(sql, long.id, 1200)
    await setLife(sql, short.id, 60)
    await page.clock.install()
    await page.goto(`/admin/shop/carts?q=T-`)
    const left = (code: string) => page.getByRole('row', { name: code }).locator('time[data-left]')
    await expect(left(long.code)).toHaveText(/^(20 min|19 min \d+ s)$/)
    const before = await left(long.code).textContent()
    await expect(left(long.code)).not.toHaveText(before ?? '')
    await page.clock.fastForward('01:00')
    await expect(left(short.code)).toHaveText('expired')
    expect(await lifeOf(sql, long.id)).toBeLessThan(1200)
    await expectAccessible()
  })

  test('is kept alive by opening it and by the button, and counts down in its head', async ({
    page,
    signInAs,
    sql,
    expectAccessible,
  }) => {
    await signInAs('owner')
    const cart = await newCart(sql)
    await setLife(sql, cart.id, 300)
    await page.goto(cart.path)
    await expect(timer(page)).toHaveText(/^(30 min|29 min \d+ s) left$/)
    const before = await timer(page).textContent()
    await expect(timer(page)).not.toHaveText(before ?? '')
    await setLife(sql, cart.id, 120)
    await page.getByRole('button', { name: 'Keep alive' }).click()
    await expect(page.getByRole('status').filter({ hasText: 'Cart kept alive.' })).toBeAttached()
    expect(await lifeOf(sql, cart.id)).toBeGreaterThan(1700)
    await expectAccessible()
  })

  test('is not kept alive by a page that follows along by itself', async ({
    page,
    context,
    signInAs,
    sql,
    baseURL,
  }) => {
    await signInAs('owner')
    const cart = await newCart(sql)
    await setLife(sql, cart.id, 300)
    await context.addCookies([{ name: 'kontor.refresh', value: '1', url: baseURL ?? '' }])
    await page.goto(cart.path)
    await expect(timer(page)).toHaveText(/^(5 min|4 min \d+ s) left$/)
    expect(await lifeOf(sql, cart.id)).toBeLessThan(300)
    await context.clearCookies({ name: 'kontor.refresh' })
    await page.goto(cart.path)
    await expect(timer(page)).toHaveText(/^(30 min|29 min \d+ s) left$/)
  })

  test('expiring while it is open says so, keeps what was typed and becomes a new one', async ({
    page,
    signInAs,
    sql,
    expectAccessible,
  }) => {
    await signInAs('owner')
    const cart = await newCart(sql)
    await page.clock.install()
    await openForm(page, cart.path)
    await field(page, 'note').fill('Two candles, please')
    // Somebody else kept it alive: the page asks before it says anything.
    await page.clock.fastForward('30:05')
    await expect(timer(page)).toHaveText(/^(30 min|29 min \d+ s) left$/)
    await setLife(sql, cart.id, -1)
    await page.clock.fastForward('30:05')
    await expect(page.locator('#form-expired')).toContainText('This cart is gone')
    await expect(timer(page)).toHaveText('Expired')
    await expect(saveAndStay(page)).toHaveCount(0)
    await expect(field(page, 'note')).toHaveValue('Two candles, please')
    await expectAccessible()

    await page.getByRole('button', { name: 'Create a new cart with these values' }).click()
    await expect(page.getByText(`Cart “Cart ${cart.code}” created.`)).toBeVisible()
    const [anew] = await sql`select id::text, note from shop.carts where code = ${cart.code}`
    expect(anew?.note).toBe('Two candles, please')
    expect(anew?.id).not.toBe(cart.id)
    await expect(page).toHaveURL(new RegExp(`${anew?.id}$`))
  })

  test('saved after its end is refused by the server, with what was typed kept', async ({ page, signInAs, sql }) => {
    await signInAs('owner')
    const cart = await newCart(sql)
    await openForm(page, cart.path)
    await field(page, 'note').fill('Too late')
    await setLife(sql, cart.id, -1)
    await saveAndStay(page).click()
    await expect(page.locator('#form-expired')).toContainText('has expired')
    await expect(page.locator('#form-expired')).toContainText('What you typed is still here.')
    await expect(field(page, 'note')).toHaveValue('Too late')
    expect(await sql`select 1 from shop.carts where note = 'Too late'`).toHaveLength(0)
  })

  test('opened after its end leads to its history, which brings it back', async ({ page, signInAs, sql }) => {
    await signInAs('owner')
    const cart = await newCart(sql)
    await setLife(sql, cart.id, -1)
    await expect
      .poll(async () => sql`select source from kontor.changes where record_id = ${cart.id} and op = 'delete'`)
      .toMatchObject([{ source: 'expiry' }])
    await page.goto(cart.path)
    await expect(page).toHaveURL(/\/history$/)
    await expect(page.getByRole('article').first()).toContainText('expiry')
    await page.getByRole('button', { name: 'Restore' }).click()
    await expect(page.getByText('Undone.')).toBeVisible()
    expect(await lifeOf(sql, cart.id)).toBeGreaterThan(1700)
  })

  test('without a history says that its deletion is final', async ({ page, signInAs, sql }) => {
    await signInAs('owner')
    const cart = await newCart(sql)
    await sql`insert into shop.cart_lines (cart_id, line_no, product_id, unit_price) values (${cart.id}, 1, 3, 2)`
    await page.goto(`/admin/shop/cart-lines/${cart.id},1`)
    await page.getByRole('button', { name: 'Delete…' }).click()
    await expect(page.getByText('Its changes are not recorded, so this is final.')).toBeVisible()
    await page.getByRole('button', { name: 'Delete', exact: true }).click()
    await expect(page.getByText('“Line 1” deleted.')).toBeVisible()
    await expect(page.getByRole('button', { name: 'Undo', exact: true })).toHaveCount(0)
  })
})

/** A declaration of a product of its own, made by psql in three versions. */
async function newDeclaration(sql: postgres.Sql) {
  const number = `T-${Date.now()}${made++}`
  const [product] = await sql`insert into catalogue.products (name, slug, sku, price)
    values (${number}, ${number.toLowerCase()}, ${number}, 2) returning id`
  const [first] = await sql`insert into catalogue.allergen_declarations (number, product_id, contains, statement)
    values (${number}, ${product?.id}, '{gluten}', 'one') returning entry_id::text as id`
  for (const statement of ['two', 'three'])
    await sql`insert into catalogue.allergen_declarations (entry_id, number, product_id, contains, statement)
      values (${first?.id}, ${number}, ${product?.id}, '{gluten}', ${statement})`
  const newest = async () =>
    (
      await sql`select entry_version as version, statement, deleted, version_by as by, version_reason as reason
        from catalogue.allergen_declarations where entry_id = ${first?.id} order by entry_version desc limit 1`
    )[0]
  return { id: first?.id as string, number, path: `/admin/catalogue/declarations/${first?.id}`, newest }
}

test.describe('an append-only record', () => {
  test('has its versions as its history, each with an address of its own to read', async ({
    page,
    signInAs,
    sql,
    expectAccessible,
  }) => {
    await signInAs('owner')
    const { path, number, newest } = await newDeclaration(sql)
    await page.goto(`${path}/history`)
    await expect(page.getByRole('article')).toHaveCount(3)
    await expect(page.getByRole('article').first()).toContainText('two → three')
    await page.getByRole('article').nth(1).getByRole('link', { name: 'Version 2' }).click()
    await expect(page).toHaveURL(`${path}?version=2`)
    await expect(page.getByText('Version 2 of 3 as it was written, to read only.')).toBeVisible()
    await expect(page.getByLabel('Statement')).toHaveValue('two')
    await expect(page.getByLabel('Statement')).not.toBeEditable()
    await expect(saveAndStay(page)).toHaveCount(0)
    await expectAccessible()
    await page.getByRole('link', { name: '‹ Previous' }).click()
    await expect(page).toHaveURL(`${path}?version=1`)
    await expect(page.getByRole('link', { name: '‹ Previous' })).toHaveCount(0)
    await page.getByRole('link', { name: 'Newest »' }).click()
    await expect(page.getByText('It is the newest.')).toBeVisible()
    await page.getByRole('link', { name: 'Open the record' }).click()
    await expect(field(page, 'statement')).toHaveValue('three')

    await page.goto(`${path}?version=1`)
    await page.getByRole('button', { name: 'Restore this version' }).click()
    await expect(page.getByText(`“${number}” is as in version 1 again.`)).toBeVisible()
    expect(await newest()).toMatchObject({ version: 4, statement: 'one' })
    expect((await page.request.get(`${path}?version=99`)).status()).toBe(404)
    expect((await page.request.get(`${path}?version=first`)).status()).toBe(404)
  })

  test('is saved as a further version with its reason, and the save is undone by one more', async ({
    page,
    signInAs,
    sql,
  }) => {
    await signInAs('owner')
    const { path, newest } = await newDeclaration(sql)
    await openForm(page, path)
    await field(page, 'statement').fill('four')
    await page.getByLabel('Why').fill('The inspector asked')
    await saveAndStay(page).click()
    await expect(page.getByText(/” saved/)).toBeVisible()
    expect(await newest()).toMatchObject({ version: 4, statement: 'four', reason: 'The inspector asked' })
    await page.getByRole('button', { name: 'Undo', exact: true }).click()
    await expect(page.getByText('Undone.')).toBeVisible()
    expect(await newest()).toMatchObject({ version: 5, statement: 'three' })
  })

  test('saved from an older version is compared and chosen', async ({ page, signInAs, sql }) => {
    await signInAs('owner')
    const { id, path, newest } = await newDeclaration(sql)
    await openForm(page, path)
    // Typed first: where nothing is, the page takes over what somebody else saves.
    await field(page, 'statement').fill('mine')
    await sql`insert into catalogue.allergen_declarations (entry_id, number, product_id, contains, statement)
      select entry_id, number, product_id, '{gluten,milk}', 'by psql' from catalogue.allergen_declarations_current where entry_id = ${id}`
    await saveAndStay(page).click()
    await expect(page.getByRole('heading', { name: 'Somebody else changed this too' })).toBeVisible()
    await page.getByRole('group', { name: 'Statement' }).getByText('Use mine').click()
    await page.getByRole('group', { name: 'Contains' }).getByText('Keep what is there now').click()
    await page.getByRole('button', { name: 'Save with these choices' }).click()
    await expect(page.getByText(/” saved/)).toBeVisible()
    expect(await newest()).toMatchObject({ version: 5, statement: 'mine' })
    const [row] = await sql`select contains from catalogue.allergen_declarations_current where entry_id = ${id}`
    expect(row?.contains).toEqual(['gluten', 'milk'])
  })

  test('deleted is a version too, undone by its toast or brought back from its history', async ({
    page,
    signInAs,
    sql,
  }) => {
    await signInAs('owner')
    const { path, number, newest } = await newDeclaration(sql)
    const remove = async () => {
      await page.goto(path)
      await page.getByRole('button', { name: 'Delete…' }).click()
      await page.getByRole('button', { name: 'Delete', exact: true }).click()
      await expect(page.getByText(`“${number}” deleted.`)).toBeVisible()
    }
    await remove()
    expect(await newest()).toMatchObject({ version: 4, deleted: true })
    await page.getByRole('button', { name: 'Undo', exact: true }).click()
    await expect(page.getByText('Undone.')).toBeVisible()
    expect(await newest()).toMatchObject({ version: 5, deleted: false, statement: 'three' })

    await remove()
    await page.goto(path)
    await expect(page).toHaveURL(/\/history$/)
    await page.getByRole('button', { name: 'Undelete' }).click()
    await expect(page.getByText(`“${number}” is back.`)).toBeVisible()
    await expect(field(page, 'statement')).toHaveValue('three')
    expect(await newest()).toMatchObject({ version: 7, deleted: false })
  })

  test('created in the form is deleted again by its undo', async ({ page, signInAs, sql }) => {
    await signInAs('owner')
    const number = `T-${Date.now()}${made++}`
    const [product] = await sql`insert into catalogue.products (name, slug, sku, price)
      values (${number}, ${number.toLowerCase()}, ${number}, 2) returning id`
    await openForm(page, `/admin/catalogue/declarations/new?v.productId=${product?.id}`)
    await field(page, 'number').fill(number)
    await saveAndStay(page).click()
    await expect(page.getByText(`“${number}” created.`)).toBeVisible()
    // The message stands before its page does.
    await expect(page).toHaveURL(/\/declarations\/[0-9a-f-]{36}$/)
    await expect(page.getByRole('heading', { name: number, level: 1 })).toBeVisible()
    await page.getByRole('button', { name: 'Undo', exact: true }).click()
    await expect(page.getByText(`Creation of “${number}” undone.`)).toBeVisible()
    await expect(page).toHaveURL(/\/admin\/catalogue\/declarations$/)
    const rows =
      await sql`select deleted from catalogue.allergen_declarations where number = ${number} order by entry_version`
    expect(rows.map(({ deleted }) => deleted)).toEqual([false, true])
  })

  test('refuses psql to change or remove a version', async ({ sql }) => {
    const { id } = await newDeclaration(sql)
    for (const attempt of [
      sql`update catalogue.allergen_declarations set statement = 'x' where entry_id = ${id}`,
      sql`delete from catalogue.allergen_declarations where entry_id = ${id}`,
      sql`truncate catalogue.allergen_declarations`,
    ])
      await expect(attempt).rejects.toThrow('append-only')
  })
})
