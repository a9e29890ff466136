import type { JobRow } from '@/lib/tasks'
import type { StatusTone } from '@/lib/ui/status/status'

const STATES: Record<JobRow['state'], [label: string, tone: StatusTone]> = {
  queued: ['Queued', 'quiet'],
  running: ['Running', 'info'],
  waiting: ['Waiting for an answer', 'warn'],
  completed: ['Completed', 'ok'],
  failed: ['Failed', 'bad'],
  cancelled: ['Cancelled', 'quiet'],
}

/** How a job stands, in words. */
export function jobState({ state, isCancelling, isChecking, failed }: JobRow): [label: string, tone: StatusTone] {
  if (isCancelling) return ['Stopping', 'warn']
  if (isChecking && state === 'running') return ['Checking', 'info']
  return state === 'completed' && failed > 0 ? ['Completed, some left out', 'warn'] : STATES[state]
}
