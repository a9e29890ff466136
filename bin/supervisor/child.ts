import { type ChildProcess, spawn } from 'node:child_process'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { pathToFileURL } from 'node:url'
import { readable } from './output'

const PARENT_WATCH = pathToFileURL(path.resolve('bin/tools/parent-watch.mjs')).href

export interface ChildOptions {
  /** 'web' or 'worker': stands before its lines. */
  name: string
  /** What Node is called with. */
  args: readonly string[]
  env: NodeJS.ProcessEnv
  /** Milliseconds it gets between being asked to stop and being killed. */
  graceMs: number
  /** Lines that say nothing to the person, such as a banner. */
  isNoise?: (line: string) => boolean
}

/** A process of ours, in a group of its own so that the terminal's Ctrl-C reaches it through us alone. */
export class Child {
  readonly #process: ChildProcess
  readonly #last: string[] = []
  /** Resolves when it has ended, for whatever reason. */
  readonly ended: Promise<{ code: number | null; signal: NodeJS.Signals | null }>

  constructor(private readonly options: ChildOptions) {
    this.#process = spawn(process.execPath, ['--import', PARENT_WATCH, ...options.args], {
      env: options.env,
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    for (const stream of [this.#process.stdout, this.#process.stderr]) {
      if (stream) createInterface({ input: stream }).on('line', (line) => this.#show(line))
    }
    this.ended = new Promise((resolve) => {
      this.#process.once('error', (error) => {
        this.#show(error.message)
        resolve({ code: 1, signal: null })
      })
      // Not 'close': something it started may hold its output open. A moment lets its last words arrive.
      this.#process.once('exit', (code, signal) => setTimeout(() => resolve({ code, signal }), 50))
    })
  }

  get pid(): number | undefined {
    return this.#process.pid
  }

  /** What it said last, for the message about its end. */
  get lastLines(): string {
    return this.#last.map((line) => `  ${line}`).join('\n')
  }

  /** Asks it to end, and ends it where it takes longer than its grace or the person is in a hurry. */
  async stop(hasten: AbortSignal): Promise<void> {
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return
    this.#process.kill('SIGTERM')
    const impatience = new AbortController()
    const hurry = sleep(this.options.graceMs, undefined, { signal: AbortSignal.any([hasten, impatience.signal]) })
    await Promise.race([this.ended, hurry.catch(() => {})])
    this.#killGroup()
    await this.ended
    impatience.abort()
  }

  /** Takes what it may have started with it. */
  #killGroup(): void {
    try {
      process.kill(-(this.#process.pid ?? 0), 'SIGKILL')
    } catch {
      // nobody is left in the group
    }
  }

  #show(raw: string): void {
    const line = readable(raw)
    if (line.trim() === '' || this.options.isNoise?.(line)) return
    this.#last.push(line)
    if (this.#last.length > 30) this.#last.shift()
    process.stdout.write(`${this.options.name.padEnd(6)} │ ${line}\n`)
  }
}
