import { expect, test } from './support/test'

test.describe('time travel', () => {
  test('a list and a record are shown as they were, read-only, and back again', async ({
    page,
    signInAs,
    sql,
    expectAccessible,
  }) => {
    await signInAs('owner')
    await sql`insert into catalogue.categories (name, slug) values ('Zwieback', 'zwieback-then')`
    const [row] = await sql<
      { at: string }[]
    >`select to_char(clock_timestamp() at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as at`
    const at = row?.at ?? ''
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
    }
  })

  test('a record and a filtered list are restored after a question, and the toast undoes it', async ({
    page,
    signInAs,
    sql,
  }) => {
    await signInAs('owner')
    await sql`insert into blog.tags (name, slug) select 'Zeit ' || n, 'zeit-' || n from generate_series(1, 3) n`
    const [row] = await sql<
      { at: string }[]
    >`select to_char(clock_timestamp() at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as at`
    await sql`update blog.tags set name = 'Later ' || name where slug like 'zeit-%'`
    await sql`delete from blog.tags where slug = 'zeit-3'`
    const names = async () =>
      (await sql<{ name: string }[]>`select name from blog.tags where slug like 'zeit-%' order by slug`).map(
        ({ name }) => name,
      )

    await page.goto(`/admin/blog/tags?q=zeit&at=${row?.at}`)
    await page.getByRole('link', { name: 'Zeit 1' }).click()
    await page.getByRole('button', { name: 'Restore…' }).click()
    await expect(page.getByText(/1 tag goes back/)).toBeVisible()
    await page.getByRole('button', { name: 'Restore', exact: true }).click()
    await expect.poll(names).toEqual(['Zeit 1', 'Later Zeit 2'])

    await page.goto(`/admin/blog/tags?q=zeit&at=${row?.at}`)
    await page.getByRole('button', { name: 'Restore what is listed…' }).click()
    await expect(page.getByText(/1 tag goes back; 1 tag returns/)).toBeVisible()
    await page.getByRole('button', { name: 'Restore', exact: true }).click()
    await expect.poll(names).toEqual(['Zeit 1', 'Zeit 2', 'Zeit 3'])
    await page.getByRole('button', { name: 'Undo' }).last().click()
    await expect.poll(names).toEqual(['Zeit 1', 'Later Zeit 2'])
    await sql`delete from blog.tags where slug like 'zeit-%'`
  })
})
