import AxeBuilder from '@axe-core/playwright'
import { type BrowserContext, test as base, expect } from '@playwright/test'
import postgres from 'postgres'
import { DEMO_USERS } from '@/lib/auth/demo-users'
import type { DatabaseUrls } from '@/lib/db/embedded'

export type Role = 'owner' | 'editor'

type Cookies = Awaited<ReturnType<BrowserContext['cookies']>>

interface ForWorker {
  /** The demo's database as its superuser: what psql is in the stories the tests tell. */
  sql: postgres.Sql
}

/** The cookies of everybody who signed in once: signing in is rate-limited, and tested elsewhere. */
const signedIn = new Map<Role, Cookies>()

/** What the set-up started. Asked late: the tests are listed before it ran. */
export function site(): { baseURL: string; urls: DatabaseUrls } {
  return JSON.parse(process.env.KONTOR_E2E ?? '{}')
}

interface ForTest {
  /** Signs one of the demo's people in, or changes to another one. */
  signInAs(role: Role): Promise<void>
  /** Fails the test where axe finds something serious on the page as it is now. */
  expectAccessible(): Promise<void>
  /** Errors that the page's scripts may report in this test; any other fails it. */
  expectedErrors: RegExp[]
  consoleGuard: undefined
}

/** Playwright's `test` on the built site: `page` goes to relative addresses. */
export const test = base.extend<ForTest, ForWorker>({
  baseURL: async ({ baseURL: _ }, use) => use(site().baseURL),
  sql: [
    async ({ browserName: _ }, use) => {
      const sql = postgres(site().urls.admin, { max: 3, onnotice: () => {} })
      await use(sql)
      await sql.end()
    },
    { scope: 'worker' },
  ],
  signInAs: async ({ page, context }, use) => {
    await use(async (role) => {
      await context.clearCookies()
      const known = signedIn.get(role)
      if (known) {
        await context.addCookies(known)
        return
      }
      const person = DEMO_USERS.find((user) => user.role === role)
      if (!person) throw new Error(`The demo has no ${role}.`)
      await page.goto('/sign-in')
      await page.getByLabel('E-mail').fill(person.email)
      await page.getByRole('textbox', { name: 'Password' }).fill(person.password)
      await page.getByRole('button', { name: 'Sign in' }).click()
      await page.waitForURL(/\/admin/)
      signedIn.set(role, await context.cookies())
    })
  },
  expectAccessible: async ({ page }, use) => {
    await use(async () => {
      const { violations } = await new AxeBuilder({ page }).analyze()
      const serious = violations.filter(({ impact }) => impact === 'serious' || impact === 'critical')
      expect(
        serious.map(({ id, help, nodes }) => `${id}: ${help} (${nodes[0]?.html}) ${nodes[0]?.failureSummary}`),
      ).toEqual([])
    })
  },
  expectedErrors: [[], { option: true }],
  consoleGuard: [
    async ({ page, expectedErrors }, use) => {
      const errors: string[] = []
      page.on('pageerror', (error) => errors.push(error.message))
      page.on('console', (message) => {
        // A refused request is what some tests are about; they look at its answer themselves.
        const isRefusal = message.text().startsWith('Failed to load resource')
        if (message.type() === 'error' && !isRefusal) errors.push(message.text())
      })
      await use(undefined)
      expect(errors.filter((text) => !expectedErrors.some((known) => known.test(text)))).toEqual([])
    },
    { auto: true },
  ],
})

export { expect } from '@playwright/test'
