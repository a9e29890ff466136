import type postgres from 'postgres'
import type { RequestContext } from '@/lib/admin'
import { trackedTables } from '@/lib/admin/tracked-tables'
import type { Resource } from '@/lib/admin/tree'
import { keep } from '@/lib/db/kept'
import { type Drift, type TrackedTable, triggerState } from '@/lib/history'
import { getRuntime } from '@/lib/runtime'

/** Every table costs two statements: all of them are looked at less often than the one whose page is open. */
const ALL_MS = 20_000
const ONE_MS = 10_000

const load = (sql: postgres.Sql, { tables, relation }: { tables: readonly TrackedTable[]; relation?: string }) =>
  triggerState(sql, tables, relation)
const driftOfAll = keep({ ms: ALL_MS, load })
const driftOfOne = keep({ ms: ONE_MS, load, keyOf: ({ relation }) => relation ?? '' })

/** How the triggers of one table ('schema.table'), or of all, differ from what the config asks for, some seconds ago. */
export async function findDrift(relation?: string): Promise<Drift[]> {
  const { admin, db } = await getRuntime()
  const asked = { tables: trackedTables(admin), relation }
  const found = await (relation ? driftOfOne : driftOfAll)(db.sql, asked)
  return found.filter((one) => !relation || one.relation === relation)
}

/** Whether changes of the resource are recorded: the config asks for it, and the database has been set up to. */
export async function isBeingRecorded({ history, shape }: Resource): Promise<boolean> {
  return history && !(await findDrift(shape.relation)).some(({ kind }) => kind === 'missing' || kind === 'disabled')
}

/**
 * What undoes all that this request has changed of the resource, where that was recorded. Never throws: asked once the
 * change is made, which nothing may put in doubt.
 */
export async function undoOf(ctx: RequestContext, resource: Resource): Promise<{ request: string } | undefined> {
  const isRecorded = await isBeingRecorded(resource).catch(() => false)
  return isRecorded ? { request: ctx.requestId } : undefined
}
