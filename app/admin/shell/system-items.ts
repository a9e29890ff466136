import type { RequestContext } from '@/lib/admin'
import type { MenuItemView } from '@/lib/admin/view'
import { OWNER_ROLE } from '@/lib/auth'

/** What the menu's last group leads to: the site itself rather than its records. */
export function systemItems(ctx: RequestContext): MenuItemView[] {
  return ctx.actor.role === OWNER_ROLE ? [{ href: '/admin/settings/users', label: 'Users', icon: 'users' }] : []
}
