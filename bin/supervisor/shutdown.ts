import { say } from '../tools/progress.mjs'

/** npm passes Ctrl-C on to us although the terminal sent it already: within this time it is the same one. */
const SAME_PRESS_MS = 700

export interface Part {
  name: string
  /** Ends the part; `hasten` is aborted when the person asked a second time. */
  stop(hasten: AbortSignal): Promise<void>
}

/** Ends what was started, last first, on Ctrl-C, SIGTERM, the end of the terminal, or when something fails. */
export class Shutdown {
  readonly #parts: Part[] = []
  readonly #hasten = new AbortController()
  readonly #begun = new AbortController()
  #firstPress = 0
  #ending: Promise<void> | undefined

  /** Aborted as soon as the end began: long steps give up then. */
  get signal(): AbortSignal {
    return this.#begun.signal
  }

  /** Begins to listen to the terminal and to npm. */
  listen(): void {
    for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, () => this.#press())
    // Where the shell between npm and us does not pass the signal on, npm's end is the only thing we notice.
    const parent = process.ppid
    if (process.env.npm_lifecycle_event && parent !== 1) {
      setInterval(() => process.ppid !== parent && this.#press(), 1_000).unref()
    }
  }

  /** What is to be ended later; parts end in the reverse order of this call, one after the other. */
  add(part: Part): void {
    this.#parts.unshift(part)
  }

  /** Ends everything. Called twice it is the same end. */
  stopAll(): Promise<void> {
    this.#ending ??= this.#stopAll()
    return this.#ending
  }

  /** Ends everything, then the process. */
  async end(exitCode: number): Promise<never> {
    await this.stopAll()
    process.exit(exitCode)
  }

  #press(): void {
    if (this.#firstPress === 0) {
      this.#firstPress = Date.now()
      say('\nStopping …')
      void this.end(0)
    } else if (Date.now() - this.#firstPress > SAME_PRESS_MS && !this.#hasten.signal.aborted) {
      say('Stopping at once …')
      this.#hasten.abort()
    }
  }

  async #stopAll(): Promise<void> {
    this.#begun.abort()
    for (let part = this.#parts.shift(); part; part = this.#parts.shift()) {
      try {
        await part.stop(this.#hasten.signal)
      } catch (error) {
        process.stderr.write(`${part.name} did not stop cleanly: ${(error as Error).message}\n`)
      }
    }
    if (this.#firstPress > 0) say('Stopped.')
  }
}
