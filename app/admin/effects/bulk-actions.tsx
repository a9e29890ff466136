import type { EffectState } from '@/lib/effects'
import { ActionButton } from '../action-button'
import { changeEffects } from './actions'
import type { EffectSearch } from './effect-search'
import { STATES } from './states'

type Operation = 'retry' | 'cancel' | 'replay'

const LABELS: Record<Operation, string> = { retry: 'Retry all…', cancel: 'Cancel all…', replay: 'Run all again…' }

const POSSIBLE: Record<EffectState, readonly Operation[]> = {
  pending: ['cancel'],
  running: ['cancel'],
  waiting: ['cancel'],
  completed: ['replay'],
  failed: ['cancel', 'retry'],
  dead: ['cancel', 'retry'],
  cancelled: ['retry'],
}

/** What can be done with everything the filters leave of one state. */
export function BulkActions({ asked, count }: { asked: EffectSearch; count: number }) {
  const { state, kind, q, from, to } = asked
  if (!state || count === 0) return null
  const what = [
    `all ${STATES[state].label.toLowerCase().split(',')[0]} effects`,
    kind && `of kind ${kind}`,
    q && `with “${q}” in the payload`,
    from && `requested from ${from}`,
    to && `until ${to}`,
  ]
    .filter(Boolean)
    .join(' ')
  const questions: Record<Operation, string> = {
    retry: `This tries ${what} again, now.`,
    cancel: state === 'dead' ? `This puts ${what} away as cancelled.` : `This cancels ${what}.`,
    replay: `This requests ${what} once more, as new ones.`,
  }
  return POSSIBLE[state].map((operation) => (
    <ActionButton
      key={operation}
      label={operation === 'cancel' && state === 'dead' ? 'Dismiss all…' : LABELS[operation]}
      tone={operation === 'cancel' ? 'danger' : undefined}
      question={questions[operation]}
      action={changeEffects}
      input={{ operation, selection: { search: { state, kind, q, from, to } } }}
    />
  ))
}
