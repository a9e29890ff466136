import type { AdminSource } from '@/lib/admin'
import { addPartitions, markCrashedTables, sealChanges } from '@/lib/history'
import { retainHistory } from '@/lib/history/retention'
import type { Duty } from './context'

const MINUTE_MS = 60_000

/** What one call of `sealChanges` seals at most: as many again means that there is more. */
const SEALED_AT_ONCE = 100_000

/** What keeps the change log provable, roomy and no longer than wanted. */
export function historyDuties({ options: { historyRetention } }: AdminSource): Duty[] {
  return [
    {
      name: 'Seal the change log',
      everyMs: MINUTE_MS,
      async run({ db, signal }) {
        while (!signal.aborted && (await sealChanges(db.orm)) >= SEALED_AT_ONCE);
      },
    },
    {
      name: 'Add months to the change log',
      everyMs: 60 * MINUTE_MS,
      async run({ db, log }) {
        const partitions = await addPartitions(db.orm)
        if (partitions.length > 0) log.info({ partitions }, 'Months added to the change log')
        const emptied = await markCrashedTables(db.orm)
        if (emptied.length > 0) log.warn({ tables: emptied }, 'A crash of the server emptied unlogged tables')
      },
    },
    ...(historyRetention ? [retention(historyRetention)] : []),
  ]
}

/** Needs the log's owner; where the worker has none, `npm run history -- retain` does the same by hand. */
function retention({ months, drop }: NonNullable<AdminSource['options']['historyRetention']>): Duty {
  return {
    name: 'Let old months of the change log go',
    everyMs: 6 * 60 * MINUTE_MS,
    async run({ owner, clock, log }) {
      if (!owner) {
        log.warn('historyRetention needs DATABASE_OWNER_URL: the worker’s own role cannot let months go')
        return
      }
      const now = clock.now()
      const before = new Date(
        Date.UTC(now.getUTCFullYear(), now.getUTCMonth() - months, now.getUTCDate()),
      ).toISOString()
      const reason = `older than ${months} months`
      const { detached } = await retainHistory(owner.sql, { before, drop, actor: 'system', reason })
      if (detached.length > 0) log.info({ detached }, 'Old months of the change log have gone')
    },
  }
}
