import { sweepWorkers } from '@/lib/db/workers'
import type { Duty } from './context'

/** Everything the workers do again and again. */
export const duties: readonly Duty[] = [
  { name: 'Sweep dead workers', everyMs: 10 * 60_000, run: ({ db }) => sweepWorkers(db.orm) },
]
