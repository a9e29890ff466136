import type { Page } from '@playwright/test'
import { expect, test } from './support/test'

const PAGES = [
  '/admin/blog/posts',
  '/admin/blog/posts/1',
  '/admin/catalogue/products',
  '/admin/catalogue/products/1',
  '/admin/catalogue/products/new',
  '/admin/shop/orders',
  '/admin/staff/employees',
  '/admin/staff/employees/1',
  '/admin/settings/users',
]

const WIDTHS = [1440, 390]

/** How far the page can be scrolled sideways, in px. */
const excess = (page: Page) => page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth)

test.describe('pages', () => {
  for (const width of WIDTHS) {
    test(`do not scroll sideways at ${width} px`, async ({ page, signInAs }) => {
      await page.setViewportSize({ width, height: 844 })
      await signInAs('owner')
      for (const address of PAGES) {
        const answer = await page.goto(address)
        expect(answer?.status(), address).toBe(200)
        await expect(page.locator('main h1')).toBeVisible()
        expect(await excess(page), address).toBeLessThanOrEqual(0)
      }
    })
  }
})

test('a list too wide for its place says that it goes on, and keeps its header and the names', async ({
  page,
  signInAs,
}) => {
  await page.setViewportSize({ width: 850, height: 800 })
  await signInAs('owner')
  await page.goto('/admin/catalogue/products')
  const table = page.getByRole('table', { name: 'Products' })
  const frame = page.locator('main div').filter({ has: table }).last().locator('..')
  await expect(frame).toHaveAttribute('data-goes-on', '')
  const name = table.getByRole('link', { name: 'Almond croissant', exact: true })
  const before = await name.boundingBox()
  const box = table.locator('..')
  await box.evaluate((element) => element.scrollTo(10_000, 300))
  await expect(frame).not.toHaveAttribute('data-goes-on')
  await page.evaluate(() => window.scrollTo(0, 10_000))
  expect((await name.boundingBox())?.x).toBe(before?.x)
  // Below the site's own bar.
  const header = await table.getByRole('columnheader', { name: 'Name' }).boundingBox()
  expect(header?.y).toBeGreaterThanOrEqual(52)
})

test.describe('the menu on a phone', () => {
  test.use({ viewport: { width: 390, height: 844 } })

  test('closes before the question about what is not saved', async ({ page, signInAs }) => {
    await signInAs('owner')
    await page.goto('/admin/catalogue/products/1')
    await expect(page.locator('form[data-ready]')).toBeVisible()
    await page.locator('[id="field-name"]').fill('Not saved')
    await page.getByRole('button', { name: 'Menu' }).click()
    const menu = page.getByRole('navigation', { name: 'Main' })
    await menu.getByRole('link', { name: /Orders/ }).click()
    await expect(page.getByRole('dialog', { name: 'Leave without saving?' })).toBeVisible()
    await expect(menu).toBeHidden()
    await page.getByRole('button', { name: 'Leave', exact: true }).click()
    await expect(page).toHaveURL(/\/shop\/orders$/)
  })
})
