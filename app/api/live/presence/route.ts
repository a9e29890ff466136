import { z } from 'zod'
import { actionContext } from '@/app/context'
import { respondJson } from '@/app/respond'
import { loadReadable } from '@/lib/admin/record-view'
import { assertSameOrigin } from '@/lib/auth'
import { AdminError, invalid, notFound } from '@/lib/errors'
import { getRuntime } from '@/lib/runtime'
import { companyOf, forgetPresence, notePresence } from '@/lib/watch'

const input = z.object({
  page: z.uuid(),
  resource: z.string().max(200),
  id: z.string().max(2000),
  isLeaving: z.boolean().default(false),
})

/** A page says that it shows a record, or does no longer. @returns who else is on that record */
export function POST(request: Request): Promise<Response> {
  return respondJson(async () => {
    const { env, db, hub } = await getRuntime()
    assertSameOrigin(request, env)
    const ctx = await actionContext('live')
    const given = input.safeParse(await request.json().catch(() => undefined))
    if (!given.success) throw invalid('Say which page (a uuid) shows which record: page, resource, id.')
    const { page, resource: key, id, isLeaving } = given.data
    const { userId: user, sessionId: session } = ctx.actor
    if (!user || !session) throw new AdminError('forbidden', 'Only people are shown on a record.')
    if (isLeaving) {
      await forgetPresence(db.sql, page, session)
    } else {
      const resource = ctx.admin.resources.get(key)
      if (!resource) throw notFound(`The resource ${key}`)
      await loadReadable(ctx, resource, id)
      await notePresence(db.sql, { page, session, user, resource: key, record: id })
    }
    await hub.tellCompany()
    const company = isLeaving ? [] : ((await companyOf(db.sql, [session])).get(session) ?? [])
    const people = company.find((one) => one.resource === key && one.id === id)?.people ?? []
    return { people }
  })
}
