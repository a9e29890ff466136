import type postgres from 'postgres'
import { expect, test } from './support/test'

/** The moment, as addresses have it. */
async function momentNow(sql: postgres.Sql): Promise<string> {
  const [row] = await sql<{ at: string }[]>`
    select to_char(clock_timestamp() at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as at`
  return row?.at ?? ''
}

test.describe('time travel', () => {
  test('a list and a record are shown as they were, read-only, and back again', async ({
    page,
    signInAs,
    sql,
    expectAccessible,
  }) => {
    await signInAs('owner')
    await sql`insert into catalogue.categories (name, slug) values ('Zwieback', 'zwieback-then')`
    const at = await momentNow(sql)
    await sql`update catalogue.categories set name = 'Zwieback, renamed' where slug = 'zwieback-then'`

    await page.goto(`/admin/catalogue/categories?q=zwieback&at=${at}`)
    await expect(page.getByText(/You see Categories as of .* Nothing can be changed here/)).toBeVisible()
    const link = page.getByRole('link', { name: 'Zwieback', exact: true })
    await expect(link).toBeVisible()
    await expect(page.getByRole('link', { name: /^New / })).toHaveCount(0)
    await expect(page.getByRole('checkbox')).toHaveCount(0)
    await expectAccessible()
    const file = await page.request.get((await page.getByRole('link', { name: 'Export' }).getAttribute('href')) ?? '')
    expect(await file.text()).not.toContain('renamed')

    await link.click()
    await expect(page).toHaveURL(/at=/)
    await expect(page.getByRole('heading', { level: 1, name: 'Zwieback' })).toBeVisible()
    await expect(page.getByRole('button', { name: /Save|Delete/ })).toHaveCount(0)
    await expect(page.getByRole('region', { name: 'History' })).not.toContainText('renamed')
    await expectAccessible()
    await page.getByRole('link', { name: /^(All changes|Show as a page)$/ }).click()
    await expect(page).toHaveURL(/\/history\?at=/)
    await expect(page.getByText(/You see the history of Zwieback.* as of .* Nothing can be changed here/)).toBeVisible()
    await expect(page.getByRole('article')).toHaveCount(1)
    await expect(page.getByRole('article')).not.toContainText('renamed')
    await expect(page.getByRole('button', { name: /Undo|Restore/ })).toHaveCount(0)
    await page.getByRole('button', { name: 'Show', exact: true }).click()
    await expect(page).toHaveURL(/at=/)
    await expectAccessible()
    await page.getByRole('link', { name: 'Back to now' }).click()
    await expect(page.getByRole('article')).toHaveCount(2)
    await page.goto(`/admin/catalogue/categories?q=zwieback&at=${at}`)
    await link.click()
    await expect(page.getByText(/You see Zwieback as of/)).toBeVisible()
    await page.getByRole('navigation', { name: 'Path' }).getByRole('link', { name: 'Categories' }).click()
    await expect(page).toHaveURL(/categories\?at=/)
    await page.getByRole('link', { name: 'Back to now' }).click()
    await expect(page).not.toHaveURL(/at=/)
    await expect(page.getByRole('link', { name: 'New category' })).toBeVisible()

    await page.goBack()
    await link.click()
    await expect(page.getByText(/You see Zwieback as of/)).toBeVisible()
    await sql`delete from catalogue.categories where slug = 'zwieback-then'`
    await page.getByRole('link', { name: 'Back to now' }).click()
    await expect(page).toHaveURL(/\/history$/)
  })

  test('a moment is picked; one before the history, to come, or none is answered in words', async ({
    page,
    signInAs,
  }) => {
    await signInAs('owner')
    await page.goto('/admin/catalogue/products?sort=price')
    await page.getByRole('button', { name: 'As of…' }).click()
    await page.getByRole('button', { name: '30 days ago' }).click()
    await expect(page).toHaveURL(/at=.*sort=price/)
    await expect(page.getByRole('heading', { name: /Nothing is known of/ })).toBeVisible()
    await page.getByRole('link', { name: /^Show / }).click()
    await expect(page.getByText(/You see Products as of/)).toBeVisible()
    await expect(page.locator('tbody tr')).toHaveCount(25)
    for (const wrong of ['2999-01-01', 'nonsense']) {
      await page.goto(`/admin/catalogue/products?at=${wrong}`)
      await expect(page.getByText(/You see Products as of now/)).toBeVisible()
      await expect(page.getByRole('link', { name: 'New product' })).toBeVisible()
      await page.goto(`/admin/catalogue/products/41?at=${wrong}`)
      await expect(page.getByText(/You see Products as of now/)).toBeVisible()
      await expect(page.getByRole('button', { name: 'Delete…' })).toBeVisible()
      for (const file of ['/admin/catalogue/products/export', '/api/options/catalogue/products/categoryId']) {
        const answer = await page.request.get(`${file}?at=${wrong}`)
        expect(answer.status()).toBeGreaterThanOrEqual(400)
        expect(answer.status()).toBeLessThan(500)
        expect(await answer.text()).toMatch(/still to come|is not a date and time/)
      }
    }
    await page.goto('/admin/catalogue/products/41?at=2001-01-01')
    await expect(page.getByRole('heading', { name: /Nothing is known of/ })).toBeVisible()
  })

  test('days that are counted back are counted back from the moment', async ({ page, signInAs, sql }) => {
    await signInAs('owner')
    const began = sql`select began::text from kontor.tracked where relation = 'shop.orders'`
    const [known] = await began
    await sql`update kontor.tracked set began = '2020-01-01' where relation = 'shop.orders'`
    try {
      await page.goto('/admin/shop/orders?at=2025-03-15T12:00:00Z')
      await expect(page.getByText(/You see Orders as of 15 Mar 2025/)).toBeVisible()
      await page.getByRole('button', { name: '+ Filter' }).click()
      await page.getByRole('list', { name: 'Filter by' }).getByRole('button', { name: 'Placed' }).click()
      await page.getByRole('button', { name: 'Last 7 days' }).click()
      await expect(page).toHaveURL(/f\.placedAt=gte(:|%3A)2025-03-09/)
      const asked = new URL(page.url()).searchParams
      expect(asked.getAll('f.placedAt')).toEqual(['gte:2025-03-09', 'lte:2025-03-15'])
      expect(asked.get('at')).toBe('2025-03-15T12:00:00Z')
    } finally {
      await sql`update kontor.tracked set began = ${known?.began} where relation = 'shop.orders'`
    }
  })

  test('a moment at which somebody was writing is provisional until they have finished', async ({
    page,
    signInAs,
    sql,
  }) => {
    await signInAs('owner')
    const writer = await sql.reserve()
    try {
      await writer`begin`
      await writer`update blog.tags set name = name || '!' where id = (select min(id) from blog.tags)`
      await page.goto(`/admin/blog/tags?at=${await momentNow(sql)}`)
      await expect(page.getByText(/Provisional: somebody who was writing then has not finished/)).toBeVisible()
      await writer`rollback`
      await page.goto(`/admin/blog/tags?at=${await momentNow(sql)}`)
      await expect(page.getByText(/You see Tags as of/)).toBeVisible()
      await expect(page.getByText(/Provisional/)).toHaveCount(0)
    } finally {
      await writer`rollback`
      writer.release()
    }
  })

  test('a filtered list is restored with the links of its records', async ({ page, signInAs, sql }) => {
    await signInAs('owner')
    const [author] = await sql`select id from blog.authors order by id limit 1`
    await sql`insert into blog.posts (title, slug, author_id, status, body)
      select 'Proofing baskets ' || n, 'proofing-' || n, ${author?.id}, 'draft', 'Cane.' from generate_series(1, 2) n`
    await sql`insert into blog.posts_tags (post_id, tag_id)
      select p.id, t.id from blog.posts p, (select id from blog.tags order by id limit 3) t where p.slug like 'proofing-%'`
    const links = () => sql`select post_id::text, tag_id::text from blog.posts_tags
      where post_id in (select id from blog.posts where slug like 'proofing-%') order by 1, 2`
    const [before, at] = [await links(), await momentNow(sql)]
    await sql`update blog.posts set title = 'Later ' || title where slug = 'proofing-1'`
    await sql`delete from blog.posts_tags where post_id in (select id from blog.posts where slug = 'proofing-2')
      and tag_id = (select min(id) from blog.tags)`

    await page.goto(`/admin/blog/posts?q=proofing&at=${at}`)
    await page.getByRole('button', { name: 'Restore what is listed…' }).click()
    await expect(page.getByText(/1 post goes back; 1 link to other records/)).toBeVisible()
    await page.getByRole('button', { name: 'Restore', exact: true }).click()
    await expect.poll(links).toEqual(before)
    await page.getByRole('button', { name: 'Undo' }).last().click()
    await expect.poll(links).toHaveLength(5)
    await sql`delete from blog.posts where slug like 'proofing-%'`
  })

  test('a record and a filtered list are restored after a question, and the toast undoes it', async ({
    page,
    signInAs,
    sql,
  }) => {
    await signInAs('owner')
    await sql`insert into blog.tags (name, slug) select 'Zeit ' || n, 'zeit-' || n from generate_series(1, 3) n`
    const at = await momentNow(sql)
    await sql`update blog.tags set name = 'Later ' || name where slug like 'zeit-%'`
    await sql`delete from blog.tags where slug = 'zeit-3'`
    const names = async () =>
      (await sql<{ name: string }[]>`select name from blog.tags where slug like 'zeit-%' order by slug`).map(
        ({ name }) => name,
      )

    await page.goto(`/admin/blog/tags?q=zeit&at=${at}`)
    await page.getByRole('link', { name: 'Zeit 1' }).click()
    await page.getByRole('button', { name: 'Restore…' }).click()
    await expect(page.getByText(/1 tag goes back/)).toBeVisible()
    await page.getByRole('button', { name: 'Restore', exact: true }).click()
    await expect.poll(names).toEqual(['Zeit 1', 'Later Zeit 2'])

    await page.goto(`/admin/blog/tags?q=zeit&at=${at}`)
    await page.getByRole('button', { name: 'Restore what is listed…' }).click()
    await expect(page.getByText(/1 tag goes back; 1 tag returns/)).toBeVisible()
    await page.getByRole('button', { name: 'Restore', exact: true }).click()
    await expect.poll(names).toEqual(['Zeit 1', 'Zeit 2', 'Zeit 3'])
    await page.getByRole('button', { name: 'Undo' }).last().click()
    await expect.poll(names).toEqual(['Zeit 1', 'Later Zeit 2'])
    await sql`delete from blog.tags where slug like 'zeit-%'`
  })
})
