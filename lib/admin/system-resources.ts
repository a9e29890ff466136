import { eq, type SQL } from 'drizzle-orm'
import { assertOwnerRemains, OWNER_ROLE, sessions, users } from '@/lib/auth'
import { parseEmail } from '@/lib/auth/users'
import type { Operation, RequestContext } from './context'
import { type FieldAccess, resource, type Sections } from './define'

const isOwner = (ctx: RequestContext) => ctx.user.role === OWNER_ROLE
const ownersEdit = (ctx: RequestContext): FieldAccess => (isOwner(ctx) ? 'editable' : 'readonly')

/** Owners look after everybody; anybody else sees and changes only themselves. */
function onlyOneself(ctx: RequestContext, operation: Operation): boolean | SQL {
  if (isOwner(ctx)) return true
  if (operation === 'create' || operation === 'delete' || !ctx.actor.userId) return false
  return eq(users.id, ctx.actor.userId)
}

/** Whether Intl takes it: pages would fail on what it does not. */
function isKnown(attempt: () => unknown): boolean {
  try {
    attempt()
    return true
  } catch {
    return false
  }
}

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
        singular: 'Person',
        hidden: true,
        icon: 'user',
        list: {
          columns: ['name', 'email', 'role', 'status', { name: 'lastSeenAt', format: 'relative' }],
          search: ['name', 'email'],
          sort: ['name'],
        },
        form: {
          fields: {
            email: { label: 'E-mail', kind: 'email', update: ownersEdit },
            role: {
              choices: (ctx) => ctx.admin.roles.map((role) => ({ label: role, value: role })),
              update: ownersEdit,
            },
            status: { update: ownersEdit },
            passwordHash: { secret: true, read: () => false, create: 'hidden', update: 'hidden' },
            passwordChangedAt: { create: 'hidden', update: 'readonly' },
            lastSeenAt: { create: 'hidden', update: 'readonly' },
          },
        },
        authorize: onlyOneself,
        validate: (_ctx, changeset) => {
          const { email, locale, timeZone } = changeset.values
          if (email !== undefined && !parseEmail(email)) changeset.addError('email', 'This is not an e-mail address.')
          if (locale && !isKnown(() => new Intl.Locale(locale)))
            changeset.addError('locale', 'This is not a language tag such as en or de-AT.')
          if (timeZone && !isKnown(() => new Intl.DateTimeFormat('en', { timeZone }))) {
            changeset.addError('timeZone', 'This is not a time zone such as Europe/Berlin.')
          }
        },
        hooks: {
          afterUpdate: (ctx) => assertOwnerRemains(ctx.tx),
          afterDelete: (ctx) => assertOwnerRemains(ctx.tx),
        },
      }),
      sessions: resource(sessions, { hidden: true, history: false, authorize: isOwner }),
    },
  },
}
