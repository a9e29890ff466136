import { localAddress } from '@/bin/supervisor/port'
import { startWeb } from '@/bin/supervisor/processes'
import { Shutdown } from '@/bin/supervisor/shutdown'
import { connect } from '@/lib/db/client'
import { freePort } from '@/lib/db/embedded-port'
import { startRelay } from '@/tests/support/relay'
import { sessionCookieFor } from '@/tests/support/session'
import { HOST, SESSION_SECRET, siteEnv } from './support/site'
import { expect, site, test } from './support/test'

/** Until a person should have read that the database is away, with room for a busy machine. */
const SOON_MS = 4_500

test.use({ expectedErrors: [/Server Components render|Minified React error/] })

test('a site whose database goes away says so soon, turns its light off, and goes on when it is back', async ({
  page,
  context,
  sql,
}, testInfo) => {
  test.setTimeout(120_000)
  const { urls } = site()
  const relay = await startRelay(urls.app)
  const port = await freePort()
  const baseURL = localAddress(HOST, port)
  const shutdown = new Shutdown()
  const db = connect(urls.app, { max: 1 })
  try {
    const env = siteEnv({ ...urls, app: relay.url }, baseURL, testInfo.outputPath('data'))
    await startWeb({ isDev: false, host: HOST, port, env }, shutdown)
    const [owner] = await sql<{ id: string }[]>`select id from kontor.users where role = 'owner' limit 1`
    const [name = '', value = ''] = (await sessionCookieFor(db, owner?.id ?? '', SESSION_SECRET)).split('=')
    await context.addCookies([{ name, value, url: baseURL }])
    const dot = page.locator('header [role=status]')
    const list = `${baseURL}/admin/catalogue/products`

    for (const leave of [relay.refuse, relay.hangUp, relay.fallSilent]) {
      await page.goto(list)
      await expect(dot).toHaveText('Live')
      await leave()
      const begun = performance.now()
      const other = await context.newPage()
      await other.goto(list)
      await expect(other.getByText('The database cannot be reached')).toBeVisible()
      const said = performance.now() - begun
      await expect(dot).toHaveText(/No database|Reconnecting/)
      const dark = performance.now() - begun
      testInfo.annotations.push({ type: leave.name, description: `${said.toFixed(0)} ms, light ${dark.toFixed(0)} ms` })
      expect(said).toBeLessThan(SOON_MS)
      expect(dark).toBeLessThan(8_000)

      await relay.restore()
      await expect(dot).toHaveText('Live')
      await other.getByRole('button', { name: 'Try again' }).click()
      await expect(other.getByRole('heading', { name: 'Products' })).toBeVisible()
      await other.close()
    }
  } finally {
    await page.close()
    await shutdown.stopAll()
    await db.close()
    await relay.close()
  }
})
