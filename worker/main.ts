import { pino } from 'pino'
import { readEnv } from '@/lib/env'
import { readAdmin } from '@/lib/runtime'
import { dutiesOf } from './duties'
import { servicesOf } from './services'
import { type RunningWorker, startWorker } from './worker'

/** After this the process ends even where a handler does not; what it had in hand is offered again. */
const GRACE_MS = 12_000

const log = pino({ base: { process: 'worker' } })
let worker: RunningWorker | undefined
let isStopping = false

async function stop(): Promise<void> {
  if (isStopping) return
  isStopping = true
  setTimeout(() => {
    log.warn('Something did not stop in time; ending anyway')
    process.exit(0)
  }, GRACE_MS).unref()
  await worker?.stop()
  process.exit(0)
}

for (const name of ['SIGTERM', 'SIGINT'] as const) process.on(name, () => void stop())

try {
  const source = readAdmin()
  worker = await startWorker(
    readEnv(process.env, 'worker'),
    { duties: dutiesOf(source), services: servicesOf(source), handlers: source.handlers },
    log,
  )
  log.info('The worker is up')
  if (isStopping) await worker.stop()
} catch (error) {
  log.fatal({ err: error }, `The worker cannot start: ${(error as Error).message}`)
  process.exit(1)
}
