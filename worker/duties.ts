import type { AdminSource } from '@/lib/admin'
import { sweepAuth } from '@/lib/auth'
import { sweepWorkers } from '@/lib/db/workers'
import { endUnanswered } from '@/lib/tasks'
import type { Duty } from './context'
import { expiryDuty } from './expiry'
import { historyDuties } from './history'

const MINUTE_MS = 60_000

/** Everything the workers do again and again, as the config wants it. */
export const dutiesOf = (source: AdminSource): readonly Duty[] => [
  expiryDuty(source),
  ...historyDuties(source),
  { name: 'Sweep dead workers', everyMs: 10 * MINUTE_MS, run: ({ db }) => sweepWorkers(db.orm) },
  {
    name: 'Stop jobs that nobody answered',
    everyMs: 60 * MINUTE_MS,
    run: async ({ db, clock, log }) => {
      const jobs = await endUnanswered(db.sql, clock.now())
      if (jobs > 0) log.info({ jobs }, 'Background jobs that nobody answered were stopped')
    },
  },
  {
    name: 'Sweep ended sessions',
    everyMs: 60 * MINUTE_MS,
    run: async ({ db, clock }) => {
      await sweepAuth(db.orm, clock.now())
    },
  },
]
