import type { ReactNode } from 'react'
import type { RequestContext } from '@/lib/admin'
import type { MenuItemView } from '@/lib/admin/view'
import { getRuntime } from '@/lib/runtime'
import { pageContext } from '../context'
import { currentMenu } from './current-menu'
import { Shell } from './shell/shell'
import { SiteState } from './shell/site-state'

/** The admin around every page. It guards nothing: each page asks for itself. */
export default async function AdminLayout({ children }: { children: ReactNode }) {
  const ctx = await pageContext()
  const { env } = await getRuntime()
  const menu = await currentMenu()
  const { name, email, role } = ctx.actor
  return (
    <Shell
      home={homeItem(ctx.admin)}
      menu={menu}
      person={{ name, email, role }}
      environment={env.environment}
      state={<SiteState />}
    >
      {children}
    </Shell>
  )
}

/** The menu's first link: home where that is the overview, else the overview beside it. */
function homeItem({ home, dashboard }: RequestContext['admin']): MenuItemView | undefined {
  if (dashboard !== 'shown') return undefined
  return home === 'dashboard'
    ? { href: '/admin', label: 'Home', icon: 'house' }
    : { href: '/admin/dashboard', label: 'Dashboard', icon: 'house' }
}
