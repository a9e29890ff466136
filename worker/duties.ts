import { sweepAuth } from '@/lib/auth'
import { sweepWorkers } from '@/lib/db/workers'
import type { Duty } from './context'

const MINUTE_MS = 60_000

/** Everything the workers do again and again. */
export const duties: readonly Duty[] = [
  { name: 'Sweep dead workers', everyMs: 10 * MINUTE_MS, run: ({ db }) => sweepWorkers(db.orm) },
  {
    name: 'Sweep ended sessions',
    everyMs: 60 * MINUTE_MS,
    run: async ({ db, clock }) => {
      await sweepAuth(db.orm, clock.now())
    },
  },
]
