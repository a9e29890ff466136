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
