import type { EffectState } from '@/lib/effects'
import type { StatusTone } from '@/lib/ui/status/status'

/** How each state of an effect is shown. */
export const STATES: Record<EffectState, { label: string; tone: StatusTone }> = {
  pending: { label: 'Pending', tone: 'quiet' },
  running: { label: 'Running', tone: 'info' },
  waiting: { label: 'Waiting for a callback', tone: 'info' },
  completed: { label: 'Completed', tone: 'ok' },
  failed: { label: 'Failed, will retry', tone: 'warn' },
  dead: { label: 'Dead', tone: 'bad' },
  cancelled: { label: 'Cancelled', tone: 'quiet' },
}
