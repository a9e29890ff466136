import type { RequestContext } from '@/lib/admin/context'
import { type AdminOptions, defineAdmin } from '@/lib/admin/define'
import { requestContext } from '@/lib/admin/request-context'
import { type AdminSource, resolveAdmin } from '@/lib/admin/resolve'
import type { Resource } from '@/lib/admin/tree'
import type { Database } from '@/lib/db/client'
import { type Clock, systemClock } from '@/lib/db/clock'
import type { Relation } from '@/lib/db/table-shape'

/** A person for tests: owner unless said otherwise. */
export const OWNER = { id: 'user:test-owner', name: 'Test owner', role: 'owner' }
export const EDITOR = { id: 'user:test-editor', name: 'Test editor', role: 'editor' }

export interface TestAdmin {
  source: AdminSource
  ctx: RequestContext
  /** The resource a table is administered as. */
  of(relation: Relation): Resource
  /** The same site as somebody else sees it. */
  as(actor: typeof OWNER): Promise<RequestContext>
}

/** A resolved admin over a test database, and the context of one request of its owner. */
export async function createTestAdmin(
  db: Database,
  options: AdminOptions,
  clock: Clock = systemClock,
): Promise<TestAdmin> {
  const source = resolveAdmin(defineAdmin(options), clock)
  const as = (actor: typeof OWNER) => requestContext({ source, db, clock, actor, requestId: 'test', road: 'form' })
  return {
    source,
    ctx: await as(OWNER),
    as,
    of: (relation) => {
      const found = [...source.admin.resources.values()].find((resource) => resource.relation === relation)
      if (!found) throw new Error('That table is no resource of this admin.')
      return found
    },
  }
}
