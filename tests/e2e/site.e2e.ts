import { expect, test } from './support/test'

test.describe('the site', () => {
  test('lives, and is ready with its worker', async ({ request }) => {
    expect(await (await request.get('/api/health')).json()).toEqual({ status: 'ok' })
    await expect(async () => {
      expect(await (await request.get('/api/ready')).json()).toEqual({ status: 'ready', database: 'ok', worker: 'ok' })
    }).toPass()
  })

  test('sends whoever is not signed in to the sign-in page, and back', async ({ page, signInAs }) => {
    await page.goto('/admin')
    await expect(page).toHaveURL(/\/sign-in/)
    await expect(page.getByRole('heading', { name: 'Sign in' })).toBeVisible()
    await signInAs('owner')
    await page.goto('/admin')
    await expect(page).toHaveURL(/\/admin/)
  })

  test('gives a sign-in page that axe finds nothing serious on', async ({ page, expectAccessible }) => {
    await page.goto('/sign-in')
    await expectAccessible()
  })

  test('answers who may not see its own pages with one page, which leads on', async ({
    page,
    signInAs,
    expectAccessible,
  }) => {
    await signInAs('editor')
    for (const address of ['/admin/settings/users', '/admin/tasks', '/admin/effects']) {
      const answer = await page.goto(address)
      expect(answer?.status(), address).toBe(403)
      await expect(page.getByRole('heading', { name: 'Your role does not allow this page' })).toBeVisible()
      await expect(page.getByRole('navigation', { name: 'Main' })).toBeVisible()
    }
    await expectAccessible()
    await page.getByRole('link', { name: 'Go home' }).click()
    await expect(page).toHaveURL(/\/admin$/)
  })

  test('answers addresses that cannot be decoded with 404 and a page', async ({ page, signInAs }) => {
    await signInAs('owner')
    for (const path of ['/admin/%zz', '/admin/%FF', '/admin/catalogue/products/%zz', '/admin/%c3%28/x/1/history']) {
      const answer = await page.goto(path)
      expect(answer?.status()).toBe(404)
      await expect(page.getByText('There is nothing at this address')).toBeVisible()
      await expect(page.getByRole('navigation', { name: 'Path' })).toBeVisible()
    }
  })

  test('keeps the demo in tables of the owner that the application may write', async ({ sql }) => {
    const [row] =
      await sql`select tableowner::text as owner, has_table_privilege('kontor_app', 'shop.orders', 'update') as app
      from pg_tables where schemaname = 'shop' and tablename = 'orders'`
    expect(row).toEqual({ owner: 'kontor_owner', app: true })
  })
})
