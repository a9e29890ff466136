import type { RequestContext } from '@/lib/admin'
import type { MenuItemView } from '@/lib/admin/view'
import { OWNER_ROLE } from '@/lib/auth'

/** What the menu's last group leads to: the site itself rather than its records. Owners look after it. */
export function systemItems(ctx: RequestContext): MenuItemView[] {
  if (ctx.actor.role !== OWNER_ROLE) return []
  return [
    { href: '/admin/effects', label: 'Effects', icon: 'zap' },
    { href: '/admin/tasks', label: 'Tasks', icon: 'clock' },
    { href: '/admin/settings/users', label: 'Users', icon: 'users' },
  ]
}
