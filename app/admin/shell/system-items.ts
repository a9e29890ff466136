import type { RequestContext } from '@/lib/admin'
import type { MenuItemView } from '@/lib/admin/view'
import { OWNER_ROLE } from '@/lib/auth'

/** What the menu's last group leads to: everybody's own view of what happened, and what owners look after. */
export function systemItems(ctx: RequestContext): MenuItemView[] {
  const activity = { href: '/admin/changes', label: 'Activity', icon: 'text-align-start' }
  if (ctx.actor.role !== OWNER_ROLE) return [activity]
  return [
    activity,
    { href: '/admin/effects', label: 'Effects', icon: 'zap' },
    { href: '/admin/tasks', label: 'Tasks', icon: 'clock' },
    { href: '/admin/settings/users', label: 'Users', icon: 'users' },
  ]
}
