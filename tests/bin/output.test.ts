import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { expect, it } from 'vitest'
import { readable } from '@/bin/supervisor/output'

it('turns a log line into time, level and message', () => {
  const time = new Date(2026, 0, 1, 9, 5, 7).getTime()
  expect(readable(JSON.stringify({ level: 30, time, msg: 'Up' }))).toBe('09:05:07 Up')
  const failed = { level: 50, time, msg: 'Failed', err: { message: 'no', stack: 'Error: no\n    at here' } }
  expect(readable(JSON.stringify(failed))).toBe('09:05:07 error: Failed\nError: no\n    at here')
})

it('leaves every other line as it is, without its colours', () => {
  expect(readable('\u001b[32m✓\u001b[39m compiled')).toBe('✓ compiled')
  expect(readable('{"level": is not JSON')).toBe('{"level": is not JSON')
  expect(readable('{"level":30, "cut": ')).toBe('{"level":30, "cut": ')
})

it('goes on where nobody reads what is said any more', async () => {
  const script = `import { say } from './bin/tools/progress.mjs'
    const speak = (left) => left > 0 ? (say('x'.repeat(1000)), setTimeout(speak, 1, left - 1)) : process.exit(7)
    speak(50)`
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: ['ignore', 'pipe', 'inherit'] })
  child.stdout.once('data', () => child.stdout.destroy())
  expect(await once(child, 'exit')).toEqual([7, null])
})
