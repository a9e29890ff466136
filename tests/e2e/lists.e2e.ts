import { expect, test } from './support/test'

test.describe('lists', () => {
  test('sort by a click on a header, reverse by another, and page on', async ({ page, signInAs }) => {
    await signInAs('owner')
    await page.goto('/admin/catalogue/products')
    const header = page.getByRole('columnheader', { name: /^Price/ })
    await header.getByRole('link').click()
    await expect(page).toHaveURL(/sort=price/)
    await expect(header).toHaveAttribute('aria-sort', 'ascending')
    await header.getByRole('link').click()
    await expect(page).toHaveURL(/sort=-price/)
    await expect(header).toHaveAttribute('aria-sort', 'descending')
    const first = await page.locator('tbody tr').first().textContent()
    await page.getByRole('link', { name: /Next/ }).click()
    await expect(page.locator('tbody tr').first()).not.toHaveText(first ?? '')
    await page.goBack()
    await expect(page.locator('tbody tr').first()).toHaveText(first ?? '')
  })

  test('filter by the address, show it as a chip, and let go of it', async ({ page, signInAs }) => {
    await signInAs('owner')
    await page.goto('/admin/catalogue/products?f.status=eq:sold_out')
    const chip = page.getByRole('link', { name: /Status is Sold out/ })
    await expect(chip).toBeVisible()
    for (const row of await page.locator('tbody tr').all()) await expect(row).toContainText('Sold out')
    await chip.click()
    await expect(page).not.toHaveURL(/f\.status/)
  })

  test('say what is wrong with an address and show the default', async ({ page, signInAs }) => {
    await signInAs('owner')
    const answer = await page.goto('/admin/catalogue/products?sort=nonsense&size=9999&page=abc&f.price=gte:cheap')
    expect(answer?.status()).toBe(200)
    await expect(page.locator('tbody tr')).toHaveCount(25)
    await expect(page.getByText(/nonsense/).first()).toBeVisible()
  })

  test('answer 404 for what is not there and 403 for what is not allowed, inside the shell', async ({
    page,
    signInAs,
    request,
  }) => {
    await signInAs('owner')
    for (const path of [
      '/admin/nope/nothing',
      '/admin/catalogue/nothing',
      '/admin/catalogue/products/abc',
      '/admin/catalogue/products/99999999999',
    ]) {
      expect((await page.request.get(path)).status(), path).toBe(404)
    }
    expect((await request.get('/api/options/catalogue/products/categoryId?q=b')).status()).toBe(401)
  })

  for (const path of ['/admin/nothing/here', '/admin/shop/orders/0']) {
    test(`show the whole menu beside ${path}, where nothing is`, async ({ page, signInAs }) => {
      await signInAs('owner')
      await page.goto(path)
      await expect(page.getByText('There is nothing at this address')).toBeVisible()
      await expect(page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: 'Orders' })).toBeVisible()
    })
  }

  test('export what is listed as CSV', async ({ page, signInAs }) => {
    await signInAs('owner')
    await page.goto('/admin/catalogue/products?q=baguette')
    const href = await page.getByRole('link', { name: 'Export' }).getAttribute('href')
    const answer = await page.request.get(href ?? '')
    expect(answer.headers()['content-type']).toContain('text/csv')
    const lines = (await answer.text()).trim().split('\r\n')
    expect(lines.length).toBeGreaterThan(1)
    expect(lines[0]).toContain('Name')
  })

  test('delete a selection, all or none', async ({ page, signInAs, sql }) => {
    await signInAs('owner')
    await sql`insert into blog.tags (name, slug) values ('Zzz one', 'zzz-one'), ('Zzz two', 'zzz-two') on conflict do nothing`
    await page.goto('/admin/blog/tags?q=Zzz')
    await expect(page.locator('tbody tr')).toHaveCount(2)
    await page.getByLabel('Select this page').check()
    const bar = page.getByRole('region', { name: 'Selection' })
    await bar.getByRole('button', { name: 'Delete…' }).click()
    await expect(page.getByText('These 2 tags go.')).toBeVisible()
    await page.getByRole('button', { name: 'Delete 2 tags' }).click()
    await expect(page.getByText('2 tags deleted.')).toBeVisible()
    expect(await sql`select 1 from blog.tags where name like 'Zzz%'`).toHaveLength(0)

    await page.goto('/admin/catalogue/products?sort=id')
    await page.getByLabel('Select this page').check()
    await bar.getByRole('button', { name: 'Delete…' }).click()
    await expect(
      page.getByText(/These 25 products cannot go while they are referred to by .*more than 100 order lines/),
    ).toBeVisible()
    await page.getByRole('button', { name: 'Cancel' }).click()
  })

  test('carry their rows once, and keep the keyboard where it stands from page to page', async ({ page, signInAs }) => {
    await signInAs('owner')
    const answer = await page.goto('/admin/shop/orders')
    const named = (await answer?.text())?.match(/data-row=/g) ?? []
    expect(named).toHaveLength(25)
    const first = page.locator('tbody tr').first()
    const before = await first.getAttribute('data-row')

    await page.getByRole('link', { name: 'Next ›' }).focus()
    await page.keyboard.press('Enter')
    await expect(first).not.toHaveAttribute('data-row', before ?? '')
    await expect(page.locator('tbody tr')).toHaveCount(25)
    await expect(page.getByRole('link', { name: 'Next ›' })).toBeFocused()

    await page.getByRole('link', { name: 'Total', exact: true }).focus()
    await page.keyboard.press('Enter')
    await expect(page.getByRole('columnheader', { name: /^Total/ })).toHaveAttribute('aria-sort', 'ascending')
    await page.goBack()
    await expect(page.getByRole('columnheader', { name: /^Placed/ })).toHaveAttribute('aria-sort', 'descending')
  })

  test('are asked for again where a document came without their rows', async ({ page, signInAs }) => {
    await signInAs('owner')
    await page.route('**/admin/shop/orders', async (route) => {
      const answer = await route.fetch()
      const isDocument = route.request().resourceType() === 'document'
      const body = await answer.text()
      await route.fulfill({
        response: answer,
        body: isDocument ? body.replace(/<tbody[^>]*>.*?<\/tbody>/s, '<tbody></tbody>') : body,
      })
    })
    await page.goto('/admin/shop/orders')
    await expect(page.locator('tbody tr')).toHaveCount(25)
  })

  test('fetch what a button opens with its first press, and give the focus back to it', async ({ page, signInAs }) => {
    await signInAs('owner')
    await page.goto('/admin/shop/orders')
    for (const [button, opens] of [
      [page.getByRole('button', { name: '+ Filter' }), page.getByRole('list', { name: 'Filter by' })],
      [page.getByRole('button', { name: 'As of…' }), page.getByRole('button', { name: 'A week ago' })],
      [page.getByRole('button', { name: /^Account of/ }), page.getByRole('menuitem', { name: 'Sign out' })],
    ] as const) {
      await button.focus()
      for (let time = 0; time < 2; time++) {
        await page.keyboard.press('Enter')
        await expect(opens).toBeVisible()
        expect(await page.evaluate(() => window.scrollY)).toBe(0)
        await page.keyboard.press('Escape')
        await expect(opens).toBeHidden()
        await expect(button).toBeFocused()
      }
    }
  })

  for (const path of [
    '/admin',
    '/admin/catalogue/products',
    '/admin/catalogue/products/1',
    '/admin/changes',
    '/admin/effects',
    '/admin/settings/account',
  ]) {
    test(`${path} has nothing serious for axe`, async ({ page, signInAs, expectAccessible }) => {
      await signInAs('owner')
      await page.goto(path)
      await expect(page.getByRole('heading', { level: 1 })).toBeVisible()
      await expectAccessible()
    })
  }

  test('fit a phone: no sideways scrolling, the menu in a drawer', async ({ page, signInAs }) => {
    await page.setViewportSize({ width: 390, height: 844 })
    await signInAs('owner')
    for (const path of ['/admin', '/admin/catalogue/products', '/admin/catalogue/products/1', '/admin/changes']) {
      await page.goto(path)
      await expect(page.getByRole('heading', { level: 1 })).toBeVisible()
      const overflow = await page.evaluate(
        () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
      )
      expect(overflow, path).toBeLessThanOrEqual(0)
    }
    await page.getByRole('button', { name: /menu/i }).first().click()
    await expect(page.getByRole('link', { name: 'Orders' }).first()).toBeVisible()
  })
})
