export { type BuiltInOptions, builtInHandlers } from './builtin/built-in'
export { webhookSecret } from './builtin/http-request'
export { type CallbackParts, receiveCallback } from './callback'
export { type DeferralAnswer, type DeferralReport, settleDeferral } from './deferral'
export { type AttemptOutcome, EFFECT_STATES, type EffectState } from './effect'
export { type EndpointParts, receiveEffect } from './endpoint'
export { PermanentError, RetryLaterError } from './failure'
export {
  type Deferral,
  type Handler,
  type HandlerContext,
  type HandlerDefinition,
  type HandlerOptions,
  type Handlers,
  handler,
} from './handler'
export { limitCalls } from './http/rate'
export { cancelEffects, type EffectSelection, type OperationResult, replayEffects, retryEffects } from './operations'
export {
  attemptSeries,
  countDead,
  countStates,
  oldestDueSeconds,
  type SeriesPoint,
  type StateCount,
} from './pages/counts'
export { type EffectAttempt, type EffectDetail, getEffect } from './pages/detail'
export type { EffectFilter } from './pages/filter'
export { type EffectPage, type EffectPageOptions, type EffectRow, listEffects, listKinds } from './pages/list'
export { effectPulse, effectsPulse } from './pages/pulse'
export { type HandlerCheck, type HandlerSource, resolveHandlers } from './registry'
export { type EffectRequest, requestEffect } from './request'
