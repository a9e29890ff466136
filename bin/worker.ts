import { existsSync } from 'node:fs'
import { readEnv } from '@/lib/env'
import { runForeground } from './supervisor/foreground'
import { WORKER_FILE } from './supervisor/worker-bundle'

/** `npm run worker`: one worker process alone, for deployments. */
export async function run(): Promise<number> {
  readEnv(process.env, 'worker')
  if (!existsSync(WORKER_FILE)) throw new Error('There is no build yet. Run: npm run build')
  return runForeground(['--enable-source-maps', WORKER_FILE])
}
