import { spawn } from 'node:child_process'
import path from 'node:path'
import { pathToFileURL } from 'node:url'

const PARENT_WATCH = pathToFileURL(path.resolve('bin/tools/parent-watch.mjs')).href

/**
 * Runs one Node process in place of this one: signals go on to it, its output is ours.
 * @returns its exit code; 0 where it ended because it was asked to
 */
export function runForeground(args: readonly string[], env: Record<string, string> = {}): Promise<number> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, ['--import', PARENT_WATCH, ...args], {
      env: { ...process.env, NODE_ENV: 'production', NEXT_TELEMETRY_DISABLED: '1', ...env },
      stdio: 'inherit',
    })
    let wasAsked = false
    for (const name of ['SIGINT', 'SIGTERM'] as const) {
      process.on(name, () => {
        wasAsked = true
        child.kill(name)
      })
    }
    child.once('error', reject)
    child.once('exit', (code) => resolve(wasAsked ? 0 : (code ?? 1)))
  })
}
