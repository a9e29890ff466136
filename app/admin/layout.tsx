import type { ReactNode } from 'react'
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
    <Shell menu={menu} person={{ name, email, role }} environment={env.environment} state={<SiteState />}>
      {children}
    </Shell>
  )
}
