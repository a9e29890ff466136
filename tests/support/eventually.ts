import { setTimeout as sleep } from 'node:timers/promises'

/**
 * Repeats `claim` until it holds, for what another process does in its own time.
 * @param withinMs after which its last error is thrown. Default 20,000
 */
export async function eventually<T>(claim: () => T | Promise<T>, withinMs = 20_000): Promise<T> {
  const deadline = Date.now() + withinMs
  for (;;) {
    try {
      return await claim()
    } catch (error) {
      if (Date.now() > deadline) throw error
      await sleep(25)
    }
  }
}
