import { type AdminSource, expireRecords, forgetExpiries, requestContext, SYSTEM_ACTOR } from '@/lib/admin'
import type { Duty } from './context'

/** What has expired is invisible at once, so the sweep is only about its hooks and the room it takes. */
const EVERY_MS = 2_000

/** Removes what has expired of every ephemeral resource, with delete hooks, as the system. */
export function expiryDuty(source: AdminSource): Duty {
  return {
    name: 'Sweep expired records',
    everyMs: EVERY_MS,
    async run({ db, clock, log, signal }) {
      const of = { source, db, clock, actor: SYSTEM_ACTOR, requestId: 'expiry', road: 'expiry' }
      const ctx = await requestContext(of)
      for (const relation of ephemeralRelations(source)) {
        // Where the tree is a function of the request, the system's own tree may leave a resource out.
        const resource = ctx.admin.byRelation.get(relation) ?? source.admin.byRelation.get(relation)
        if (!resource || signal.aborted) continue
        const { expired, stuck } = await expireRecords(ctx, resource, {
          signal,
          onProblem: ({ id, error, isStuck }) =>
            log.error(
              { err: error, resource: resource.key, record: id },
              isStuck
                ? 'An expired record cannot be removed'
                : 'A hook turned an expiry down; the record is gone anyway',
            ),
        })
        if (expired > 0) log.info({ resource: resource.key, expired, stuck }, 'Expired records removed')
      }
      await forgetExpiries(ctx)
    },
  }
}

function ephemeralRelations({ admin }: AdminSource): string[] {
  const resources = [...admin.resources.values()].filter(({ storage }) => storage.expiry !== undefined)
  return [...new Set(resources.map(({ shape }) => shape.relation))]
}
