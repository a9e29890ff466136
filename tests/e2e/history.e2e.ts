import { readFile } from 'node:fs/promises'
import type { Page } from '@playwright/test'
import { expect, test } from './support/test'

const field = (page: Page, name: string) => page.locator(`[id="field-${name}"]`)
const entries = (page: Page) => page.locator('main article')
const undone = (page: Page) => page.getByText(/^(Undone\.|[\d,]+ changes undone\.)$/).last()

let made = 0
const unique = () => `${Date.now()}${made++}`

test.describe('history', () => {
  test('names who changed a record, in the admin and past it, and undoes both', async ({ page, signInAs, sql }) => {
    await signInAs('owner')
    const mark = unique()
    const [product] = await sql`insert into catalogue.products (name, slug, sku, price)
      values (${`Rye ${mark}`}, ${`rye-${mark}`}, ${`R-${mark}`}, 3.20) returning id::text`
    await page.goto(`/admin/catalogue/products/${product?.id}`)
    await field(page, 'price').fill('3.40')
    await page.getByRole('button', { name: 'Save', exact: true }).click()
    await expect(page.getByText(`Product “Rye ${mark}” saved.`)).toBeVisible()
    await sql`update catalogue.products set name = ${`Dark rye ${mark}`} where id = ${product?.id ?? ''}`
    await page.reload()
    const rail = page.getByRole('region', { name: 'History' })
    await expect(rail).toContainText('Olive Owner')
    await expect(rail.locator('del').first()).toHaveText(`Rye ${mark}`)

    await page.goto(`/admin/catalogue/products/${product?.id}/history`)
    await expect(entries(page).nth(0)).toContainText('postgres')
    await expect(entries(page).nth(0).locator('del')).toHaveText(`Rye ${mark}`)
    await expect(entries(page).nth(1)).toContainText('Olive Owner')
    await expect(entries(page).nth(1).locator('ins')).toHaveText(/3[.,]40/)
    await page.getByRole('combobox', { name: 'Person' }).selectOption('outside')
    await page.getByRole('button', { name: 'Show', exact: true }).click()
    await expect(entries(page)).toHaveCount(2) // the insert and the update by psql
    await page.getByRole('link', { name: 'Clear' }).click()
    await expect(entries(page)).toHaveCount(3)

    await entries(page).nth(1).getByRole('button', { name: 'Undo' }).click()
    await expect(undone(page)).toBeVisible()
    await expect(entries(page)).toHaveCount(4)
    await entries(page).nth(1).getByRole('button', { name: 'Undo' }).click()
    await expect(entries(page)).toHaveCount(5)
    expect(await sql`select name, price::text from catalogue.products where id = ${product?.id ?? ''}`).toEqual([
      { name: `Rye ${mark}`, price: '3.20' },
    ])
  })

  test('shows what was changed again since, and lets the person choose', async ({
    page,
    signInAs,
    sql,
    expectAccessible,
  }) => {
    await signInAs('owner')
    const mark = unique()
    const [product] = await sql`insert into catalogue.products (name, slug, sku, price)
      values (${`Bun ${mark}`}, ${`bun-${mark}`}, ${`B-${mark}`}, 1) returning id::text`
    await sql`update catalogue.products set price = 2 where id = ${product?.id ?? ''}`
    await sql`update catalogue.products set price = 3 where id = ${product?.id ?? ''}`
    await page.goto(`/admin/catalogue/products/${product?.id}/history`)
    await entries(page).nth(1).getByRole('button', { name: 'Undo' }).click()
    const dialog = page.getByRole('dialog')
    await expect(dialog).toContainText('changed again since')
    await expect(dialog.getByRole('row').last()).toContainText(/2\.00\s*3\.00\s*1\.00/)
    await expectAccessible()
    await expect(dialog.getByRole('button', { name: 'Leave it' })).toBeFocused()
    await expect(page.getByRole('banner', { includeHidden: true })).toHaveCount(1)
    await dialog.getByRole('button', { name: 'Leave it' }).click()
    await expect(dialog).toBeHidden()
    await entries(page).nth(1).getByRole('button', { name: 'Undo' }).click()
    await dialog.getByRole('button', { name: 'Undo all the same' }).click()
    await expect(undone(page)).toBeVisible()
    expect((await sql`select price::text from catalogue.products where id = ${product?.id ?? ''}`)[0]?.price).toBe(
      '1.00',
    )
  })

  test('names who has the value that an undo would set, and goes on without it', async ({ page, signInAs, sql }) => {
    await signInAs('owner')
    const mark = unique()
    const [product] = await sql`insert into catalogue.products (name, slug, sku, price)
      values (${`Roll ${mark}`}, ${`roll-${mark}`}, ${`RO-${mark}`}, 1) returning id::text`
    await sql`update catalogue.products set slug = ${`free-${mark}`}, price = 2 where id = ${product?.id ?? ''}`
    const [taker] = await sql`insert into catalogue.products (name, slug, sku, price)
      values (${`Taker ${mark}`}, ${`roll-${mark}`}, ${`TA-${mark}`}, 1) returning id::text`
    await page.goto(`/admin/catalogue/products/${product?.id}/history`)
    await entries(page).first().getByRole('button', { name: 'Undo' }).click()
    const dialog = page.getByRole('dialog')
    await expect(dialog.getByRole('link', { name: `product Taker ${mark}` })).toHaveAttribute(
      'href',
      `/admin/catalogue/products/${taker?.id}`,
    )
    await dialog.getByRole('button', { name: 'Undo without this value' }).click()
    await expect(undone(page)).toBeVisible()
    expect(await sql`select slug, price::text from catalogue.products where id = ${product?.id ?? ''}`).toEqual([
      { slug: `free-${mark}`, price: '1.00' },
    ])
  })

  test('offers to undo a save where it says that it is saved', async ({ page, signInAs, sql }) => {
    await signInAs('owner')
    const mark = unique()
    const [product] = await sql`insert into catalogue.products (name, slug, sku, price)
      values (${`Toast ${mark}`}, ${`toast-${mark}`}, ${`TO-${mark}`}, 1) returning id::text`
    const price = async () =>
      (await sql`select price::text from catalogue.products where id = ${product?.id ?? ''}`)[0]?.price
    await page.goto(`/admin/catalogue/products/${product?.id}`)
    await field(page, 'price').fill('2')
    await page.getByRole('button', { name: 'Save', exact: true }).click()
    const toast = page.getByRole('alert').filter({ hasText: `Product “Toast ${mark}” saved.` })
    await expect.poll(price).toBe('2.00')
    await toast.getByRole('button', { name: 'Undo' }).click()
    await expect(undone(page)).toBeVisible()
    expect(await price()).toBe('1.00')
  })

  test('says what is undone already, in a window that was open before too', async ({
    page,
    context,
    signInAs,
    sql,
  }) => {
    await signInAs('owner')
    const mark = unique()
    const [product] = await sql`insert into catalogue.products (name, slug, sku, price)
      values (${`Twice ${mark}`}, ${`twice-${mark}`}, ${`T-${mark}`}, 1) returning id::text`
    await sql`update catalogue.products set price = 2 where id = ${product?.id ?? ''}`
    const address = `/admin/catalogue/products/${product?.id}/history`
    const other = await context.newPage()
    await other.goto(address)
    await page.goto(address)
    await entries(page).nth(0).getByRole('button', { name: 'Undo' }).click()
    await expect(undone(page)).toBeVisible()
    await entries(other).filter({ hasText: 'postgres' }).first().getByRole('button', { name: 'Undo' }).click()
    await expect(other.getByText(/undone already\. Undo the undo to redo it/)).toBeVisible()
    expect(await sql`select price::text from catalogue.products where id = ${product?.id ?? ''}`).toEqual([
      { price: '1.00' },
    ])
    await other.close()
  })

  test('says on its pages that a trigger was disabled by hand', async ({ page, signInAs, sql }) => {
    await signInAs('owner')
    const told = page.getByText(/go unrecorded: a trigger was disabled by hand/)
    const shown = async (address: string) => {
      await page.goto(address)
      return told.count()
    }
    await sql`alter table shop.coupons disable trigger kontor_log_update`
    try {
      await expect.poll(() => shown('/admin/changes'), { timeout: 30_000 }).toBe(1)
      await expect(told).toContainText('shop.coupons')
      await expect(page.getByText(/npm run migrate -- --tables/)).toBeVisible()
      const [coupon] = await sql`select code from shop.coupons order by code limit 1`
      const address = `/admin/shop/coupons/${encodeURIComponent(coupon?.code)}`
      expect(await shown(address)).toBe(1)
      expect(await shown(`${address}/history`)).toBe(1)
      expect(await shown('/admin/shop/coupons?at=2001-01-01')).toBe(1)
      expect(await shown('/admin/catalogue/products/41')).toBe(0)
    } finally {
      await sql`alter table shop.coupons enable trigger kontor_log_update`
    }
    await expect.poll(() => shown('/admin/changes'), { timeout: 30_000 }).toBe(0)
  })

  test('brings a deleted product back with everything that went with it', async ({ page, signInAs, sql }) => {
    await signInAs('owner')
    const mark = unique()
    const [product] = await sql`insert into catalogue.products (name, slug, sku, price)
      values (${`Nut loaf ${mark}`}, ${`nut-${mark}`}, ${`N-${mark}`}, 4) returning id::text`
    const id = product?.id ?? ''
    await sql`insert into catalogue.products_allergens (product_id, allergen_code)
      select ${id}, code from catalogue.allergens order by code limit 3`
    const allergens = () => sql`select from catalogue.products_allergens where product_id = ${id}`
    await page.goto(`/admin/catalogue/products/${id}`)
    await page.getByRole('button', { name: 'Delete…' }).click()
    await page.getByRole('button', { name: 'Delete', exact: true }).click()
    await expect(page.getByText(`Product “Nut loaf ${mark}” deleted.`)).toBeVisible()
    expect(await allergens()).toHaveLength(0)
    await page.goto(`/admin/catalogue/products/${id}/history`)
    await expect(page.getByText(/deleted .* by Olive Owner/)).toBeVisible()
    await expect(page.getByRole('region', { name: 'As it was' }).locator('dt').first()).toHaveText('Name')
    await expect(entries(page).first().getByRole('button', { name: 'Undo' })).toBeVisible()
    await page.getByRole('button', { name: 'Restore' }).click()
    await expect(undone(page)).toBeVisible()
    expect(await allergens()).toHaveLength(3)

    // A post deleted by psql: its comments, and theirs in turn, come back with the whole transaction.
    const [post] =
      await sql`select post_id::text as id, count(*)::int as n from blog.comments group by 1 order by 2 desc limit 1`
    await sql`delete from blog.posts where id = ${post?.id ?? ''}`
    await page.goto('/admin/changes')
    await entries(page).filter({ hasText: 'deleted post' }).first().getByRole('button', { name: 'Undo…' }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Undo', exact: true }).click()
    await expect(undone(page)).toBeVisible()
    expect(await sql`select from blog.comments where post_id = ${post?.id ?? ''}`).toHaveLength(post?.n)
  })

  test('undoes a creation on its own history page, after asking', async ({ page, signInAs, sql }) => {
    await signInAs('owner')
    const mark = unique()
    const [product] = await sql`insert into catalogue.products (name, slug, sku, price)
      values (${`Oops ${mark}`}, ${`oops-${mark}`}, ${`O-${mark}`}, 1) returning id::text`
    await page.goto(`/admin/catalogue/products/${product?.id}/history`)
    await entries(page).first().getByRole('button', { name: 'Undo…' }).click()
    const dialog = page.getByRole('dialog')
    await expect(dialog).toContainText(`This deletes “Oops ${mark}”.`)
    await dialog.getByRole('button', { name: 'Undo', exact: true }).click()
    await expect(page.getByRole('button', { name: 'Restore' })).toBeVisible()
    expect(await sql`select from catalogue.products where id = ${product?.id ?? ''}`).toHaveLength(0)
    await entries(page).first().getByRole('button', { name: 'Undo' }).click()
    await expect(page.getByRole('link', { name: 'Back to the record' })).toBeVisible()
  })

  test('undoes an UPDATE of ten thousand rows by psql with one click, and what is ticked', async ({
    page,
    signInAs,
    sql,
  }) => {
    test.slow()
    await signInAs('owner')
    const digest = async () =>
      (
        await sql`select md5(string_agg((to_jsonb(o) - 'updated_at')::text, '|' order by id)) as digest from shop.orders o`
      )[0]?.digest
    const before = await digest()
    await sql`update shop.orders set note = coalesce(note, '') || ' by hand' where id in (select id from shop.orders order by id limit 10000)`
    await page.goto('/admin/changes')
    const newest = entries(page).filter({ hasText: 'orders in one step' }).first()
    await expect(newest).toContainText('postgres')
    await newest.getByRole('button', { name: 'Undo…' }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Undo', exact: true }).click()
    await expect(page.getByText('10,000 changes undone.')).toBeVisible({ timeout: 40_000 })
    expect(await digest()).toBe(before)

    const mark = unique()
    for (const id of [41, 42]) await sql`update catalogue.products set name = name || ${` ${mark}`} where id = ${id}`
    await page.goto('/admin/changes')
    await entries(page).nth(0).getByRole('checkbox').check()
    await entries(page).nth(1).getByRole('checkbox').check()
    const bar = page.getByRole('region', { name: 'Selection' })
    await expect(bar).toContainText('2 selected')
    await bar.getByRole('button', { name: 'Undo…' }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Undo', exact: true }).click()
    await expect(page.getByText('2 changes undone.')).toBeVisible()
    expect(await sql`select from catalogue.products where name like ${`%${mark}`}`).toHaveLength(0)
  })

  test('is verified and exported by owners', async ({ page, signInAs, sql }) => {
    await signInAs('owner')
    await sql`update catalogue.products set price = price + 1 where id = 43`
    await sql`select kontor.seal_changes()` // as the worker does, each minute
    await expect.poll(async () => (await sql`select from kontor.seals`).length).toBeGreaterThan(0)
    await page.goto('/admin/changes')
    await expect(page.getByText(/Sealed up to/)).toBeVisible()
    await page.getByRole('button', { name: 'Verify' }).click()
    await expect(page.getByText(/changes are as they were sealed/)).toBeVisible()
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('link', { name: 'Export seal' }).click(),
    ])
    const seal = JSON.parse(await readFile(await download.path(), 'utf8'))
    expect(seal.digest).toMatch(/^[0-9a-f]{64}$/)

    const [sealed] = await sql`select c.id::text, c.actor from kontor.changes as c
      where pg_visible_in_snapshot(c.tx, (select snapshot from kontor.seals order by seq desc limit 1)) order by c.id desc limit 1`
    const forge = (actor: string) =>
      sql.begin(async (tx) => {
        await tx`set local session_replication_role = replica`
        await tx`update kontor.changes set actor = ${actor} where id = ${sealed?.id ?? ''}`
      })
    await forge('nobody')
    await page.getByRole('button', { name: 'Verify' }).click()
    await expect(page.getByText('The log was tampered with: 1 finding.')).toBeVisible()
    await expect(page.getByText(new RegExp(`\\b${sealed?.id}\\b`)).first()).toBeVisible()
    await forge(sealed?.actor)

    await signInAs('editor')
    await page.goto('/admin/changes')
    await expect(page.getByRole('button', { name: 'Verify' })).toHaveCount(0)
    expect((await page.request.get('/admin/changes/seal')).status()).toBe(403)
  })

  test('is drawn as charts', async ({ page, signInAs, sql, expectAccessible }) => {
    await signInAs('owner')
    await sql`update catalogue.products set price = price + 1 where id = 43`
    await page.goto('/admin/changes')
    await page.getByRole('link', { name: 'Charts' }).click()
    await expect(page.getByRole('heading', { name: 'Changes per day' })).toBeVisible()
    await expect(page.locator('.recharts-bar-rectangle').first()).toBeVisible()
    await page.getByText('As a table').nth(2).click()
    await expect(page.getByRole('table', { name: 'By resource' })).toContainText('Products')
    await expectAccessible()
  })
})
