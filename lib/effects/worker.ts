// The worker's door: what opens queues and runs handlers. Pages and the config need none of it, nor the drivers behind it.
export { type CarrierOptions, openCarrier } from './queue/bullmq'
export type { Carrier } from './queue/carrier'
export { migrateQueue, QUEUE_SCHEMA } from './queue/migrate'
export {
  DEFAULT_SETTINGS,
  type EffectsSettings,
  type EffectsWorker,
  type EffectsWorkerParts,
  runEffectsWorker,
} from './work/worker'
