import { redirect } from 'next/navigation'
import { listHrefOf } from '@/lib/admin/menu'
import { isAllowed } from '@/lib/admin/policy'
import { pageContext } from '../context'
import { notAllowed } from '../page-outcome'
import { currentMenu } from './current-menu'
import { HomeOverview } from './home-overview'

interface Props {
  searchParams: Promise<Record<string, string | string[] | undefined>>
}

/** Home: the overview, or the list the config names; for whom that is closed, the first thing they may see. */
export default async function HomePage({ searchParams }: Props) {
  const [ctx, { refused }] = await Promise.all([pageContext(), searchParams])
  const { admin } = ctx
  const home = admin.resources.get(admin.home)
  if (!home && admin.dashboard !== 'off') return <HomeOverview label="Home" refused={refused} />
  const isOpen = home !== undefined && (await isAllowed(ctx, home, 'list'))
  const href = isOpen ? listHrefOf(home) : (await currentMenu()).sections[0]?.items[0]?.href
  if (!href) notAllowed()
  redirect(typeof refused === 'string' ? `${href}?refused=${encodeURIComponent(refused)}` : href)
}
