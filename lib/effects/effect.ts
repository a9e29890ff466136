/** Where an effect stands. failed will be tried again; waiting is for a callback; dead was given up. */
export const EFFECT_STATES = ['pending', 'running', 'waiting', 'completed', 'failed', 'dead', 'cancelled'] as const
export type EffectState = (typeof EFFECT_STATES)[number]

/** How an attempt ended. late is a result that came when the attempt was over, and was refused. */
export type AttemptOutcome =
  | 'completed'
  | 'failed'
  | 'timeout'
  | 'crashed'
  | 'handed_back'
  | 'invalid'
  | 'cancelled'
  | 'late'

/** The kind that is told when an effect dies, where somebody handles it. */
export const ALERT_KIND = 'effect.dead'
