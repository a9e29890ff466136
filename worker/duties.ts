import { sweepAuth } from '@/lib/auth'
import { sweepWorkers } from '@/lib/db/workers'
import type { Duty } from './context'

/** Everything the workers do again and again. */
export const duties: readonly Duty[] = [
  { name: 'Sweep dead workers', everyMs: 10 * 60_000, run: ({ db }) => sweepWorkers(db.orm) },
  {
    name: 'Sweep ended sessions',
    everyMs: 60 * 60_000,
    run: async ({ db, clock }) => void (await sweepAuth(db.orm, clock.now())),
  },
]
