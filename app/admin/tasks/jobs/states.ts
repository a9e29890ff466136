import type { JobRow } from '@/lib/tasks'
import type { StatusTone } from '@/lib/ui/status/status'

const STATES: Record<JobRow['state'], [label: string, tone: StatusTone]> = {
  queued: ['Queued', 'quiet'],
  running: ['Running', 'info'],
  completed: ['Completed', 'ok'],
  failed: ['Failed', 'bad'],
  cancelled: ['Cancelled', 'quiet'],
}

/** How a job stands, in words. */
export function jobState({ state, isCancelling, failed }: JobRow): [label: string, tone: StatusTone] {
  if (isCancelling) return ['Stopping', 'warn']
  return state === 'completed' && failed > 0 ? ['Completed, some left out', 'warn'] : STATES[state]
}
