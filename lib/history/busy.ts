/** Milliseconds a statement waits for a lock on a busy table before it is tried again. */
export const LOCK_TIMEOUT_MS = 2_000

const ATTEMPTS = 10

/** 55P03 lock_not_available, 40P01 deadlock_detected */
export const isBusy = (error: unknown): boolean =>
  typeof error === 'object' && error !== null && 'code' in error && (error.code === '55P03' || error.code === '40P01')

/**
 * Tries `work`, whose transaction sets `lock_timeout`, up to ten times: writers wait behind it for two seconds at most,
 * then get their turn. Throws what the last attempt threw.
 */
export async function whenFree<T>(work: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await work()
    } catch (error) {
      if (!isBusy(error) || attempt === ATTEMPTS) throw error
      await new Promise((resolve) => setTimeout(resolve, 100 * attempt))
    }
  }
}
