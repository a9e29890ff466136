import { pageContext } from '@/app/context'
import { forPage, notAllowed } from '@/app/page-outcome'
import { loadList } from '@/lib/admin'
import { peopleOf } from '@/lib/admin/operations/people'
import { isAllowed } from '@/lib/admin/policy'
import { Banner } from '@/lib/ui/banner/banner'
import { EmptyState } from '@/lib/ui/empty-state/empty-state'
import { Page, PageHead } from '@/lib/ui/page/page'
import { ListPager } from '../../[section]/[resource]/list/list-pager'
import { ListToolbar } from '../../[section]/[resource]/list/list-toolbar'
import { AddPerson } from './add-person'
import { PeopleTable } from './people-table'
import { peopleIn } from './person'

interface Props {
  searchParams: Promise<Record<string, string | string[] | undefined>>
}

const HREF = '/admin/settings/users'

/** Who may sign in. People are records like others; this page lists them and adds what only people have. */
export default async function UsersPage({ searchParams }: Props) {
  const [ctx, search] = await Promise.all([pageContext(), searchParams])
  const people = peopleOf(ctx)
  // Everybody may see themselves there, on a page of their own; this one is for those who look after all.
  if (!(await isAllowed(ctx, people, 'create'))) notAllowed()
  const list = await forPage(loadList(ctx, people, search), { resource: people.key, operation: 'list' })
  const here = atThisPage(list, list.resource.href)
  return (
    <Page title="Users" path={[{ label: 'System' }, { label: 'Users' }]}>
      <PageHead title="Users" description="Who may sign in, and as what.">
        <AddPerson roles={ctx.admin.roles} />
      </PageHead>
      {here.notices.map((notice) => (
        <Banner key={notice} tone="warn">
          {notice}
        </Banner>
      ))}
      <ListToolbar list={here} />
      {here.emptiness ? (
        <EmptyState title="Nobody has this name">Try another part of the name or the address.</EmptyState>
      ) : (
        <PeopleTable people={peopleIn(here)} roles={ctx.admin.roles} ownId={ctx.actor.userId}>
          <ListPager pager={here.pager} />
        </PeopleTable>
      )}
    </Page>
  )
}

/** The list's own addresses lead to the resource's page; here they stay on this one. */
function atThisPage<T>(view: T, from: string): T {
  return JSON.parse(JSON.stringify(view).replaceAll(`"${from}?`, `"${HREF}?`).replaceAll(`"${from}"`, `"${HREF}"`)) as T
}
