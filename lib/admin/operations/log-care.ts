import { sql } from 'drizzle-orm'
import { OWNER_ROLE } from '@/lib/auth'
import type { Database } from '@/lib/db/client'
import { AdminError, forbidden } from '@/lib/errors'
import { type ExportedSeal, exportSeal } from '@/lib/history/seals'
import { type Verification, verifyHistory } from '@/lib/history/verify'
import type { RequestContext } from '../context'

/** Reading more than this takes longer than a person waits for a page. */
const MOST = 2_000_000

/**
 * Proves that no sealed change was altered, removed or added since. Reads the whole log, some 100,000 changes a second.
 * @throws AdminError `forbidden` to anybody but owners, `too_large` for a log that only the command line verifies
 */
export async function verifyLog(ctx: RequestContext, db: Database): Promise<Verification> {
  assertOwner(ctx)
  const [size] = await ctx.db.execute<{ changes: number }>(sql`
    select coalesce(sum(greatest(c.reltuples, 0)), 0)::float8 as changes
    from pg_partition_tree('kontor.changes') as t join pg_class as c on c.oid = t.relid where t.isleaf`)
  if ((size?.changes ?? 0) > MOST)
    throw new AdminError(
      'too_large',
      'The log is too long to be verified while you wait. Run: npm run history -- verify',
    )
  return verifyHistory(db.sql)
}

/**
 * The newest seal, to be kept where nobody who can write to the database can: only it shows that the end of the log was
 * not cut off.
 * @throws AdminError `forbidden` to anybody but owners, `not_found` where nothing is sealed yet
 */
export async function exportNewestSeal(ctx: RequestContext, db: Database): Promise<ExportedSeal> {
  assertOwner(ctx)
  const seal = await exportSeal(db.sql)
  if (!seal) throw new AdminError('not_found', 'Nothing is sealed yet: the worker seals each minute.')
  return seal
}

function assertOwner({ actor }: RequestContext): void {
  if (actor.role !== OWNER_ROLE) throw forbidden('Only owners may verify the log and export its seals.')
}
