/*
 * Takes the pictures of docs/images from a running demo, by hand: node docs/pictures.mjs http://127.0.0.1:3000
 * Change some records first, also by psql: what is in the database is what the pictures show.
 */
import { chromium } from 'playwright-core'

const [site = 'http://127.0.0.1:3000', record = '/admin/catalogue/products/3/history'] = process.argv.slice(2)
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: ['--no-sandbox'],
})
const page = await browser.newPage({ viewport: { width: 1200, height: 760 } })
const picture = (name) => page.screenshot({ path: `docs/images/${name}.png` })

await page.goto(`${site}/sign-in`)
await page.getByLabel('E-mail').fill('owner@bakery.test')
await page.getByRole('textbox', { name: 'Password' }).fill('bakery-owner')
await page.getByRole('button', { name: 'Sign in' }).click()
await page.waitForURL(/\/admin/)

await page.goto(`${site}/admin/changes`)
await picture('activity')

await page.goto(`${site}/admin/changes/charts`)
await page.locator('.recharts-bar-rectangle').first().waitFor()
await picture('activity-charts')

// The oldest change of a record whose field was changed twice.
await page.goto(site + record)
await page.locator('main article').last().getByRole('button', { name: 'Undo' }).click()
await page.getByRole('dialog').getByRole('table').waitFor()
await page.waitForTimeout(400) // the dialog fades in
await page.getByRole('dialog').screenshot({ path: 'docs/images/undo-conflict.png' })

await browser.close()
