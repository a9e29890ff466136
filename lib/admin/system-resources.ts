import { sessions, users } from '@/lib/auth'
import { resource, type Sections } from './define'

const ownersOnly = (ctx: { user: { role: string } }) => ctx.user.role === 'owner'

/**
 * Kontor's own records that people change: they take the same road as everything else, so they are resources too.
 * They stand in no menu; their pages are under /admin/settings.
 */
export const systemSections: Sections = {
  system: {
    label: 'System',
    options: {},
    resources: {
      users: resource(users, {
        title: 'name',
        hidden: true,
        icon: 'user',
        list: { columns: ['name', 'email', 'role', 'status', 'lastSeenAt'], search: ['name', 'email'] },
        form: { fields: { passwordHash: { read: () => false, create: 'hidden', update: 'hidden' } } },
        authorize: ownersOnly,
      }),
      sessions: resource(sessions, { hidden: true, history: false, authorize: ownersOnly }),
    },
  },
}
