import { redirect } from 'next/navigation'
import { listHrefOf } from '@/lib/admin/menu'
import { isAllowed } from '@/lib/admin/policy'
import { EmptyState } from '@/lib/ui/empty-state/empty-state'
import { Icon } from '@/lib/ui/icon'
import { Page, PageHead } from '@/lib/ui/page/page'
import { pageContext } from '../context'
import { notAllowed } from '../page-outcome'
import { currentMenu } from './current-menu'
import { greeting } from './greeting'
import { Overview } from './overview'
import { Refusal } from './refusal'

interface Props {
  searchParams: Promise<Record<string, string | string[] | undefined>>
}

/** Home: the overview, or the list the config names; for whom that is closed, the first thing they may see. */
export default async function HomePage({ searchParams }: Props) {
  const [ctx, menu, { refused }] = await Promise.all([pageContext(), currentMenu(), searchParams])
  const home = ctx.admin.resources.get(ctx.admin.home)
  if (home) {
    const first = menu.sections[0]?.items[0]?.href
    const href = (await isAllowed(ctx, home, 'list')) ? listHrefOf(home) : first
    if (!href) notAllowed()
    redirect(typeof refused === 'string' ? `${href}?refused=${encodeURIComponent(refused)}` : href)
  }
  const { words, day } = greeting(ctx)
  return (
    <Page title={menu.title} path={[{ label: 'Home' }]}>
      <Refusal ctx={ctx} refused={refused} />
      <PageHead title={words} description={day} />
      {menu.sections.length > 0 ? (
        <Overview sections={menu.sections} />
      ) : (
        <EmptyState icon={<Icon name="lock" size={20} />} title="Nothing to see here yet">
          Your role “{ctx.actor.role}” may not see any records. Ask an owner of this site to give you another one.
        </EmptyState>
      )}
    </Page>
  )
}
