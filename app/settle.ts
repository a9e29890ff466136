/** What a promise gave within the time allowed, or the promise itself to be waited for behind a skeleton. */
export type Settled<T> = { isSettled: true; value: T } | { isSettled: false; promise: Promise<T> }

/**
 * Waits a moment, so that quick answers are drawn at once and with their right status, and only slow ones show a
 * skeleton first.
 * @throws what the promise rejects with in that time
 */
export async function settleWithin<T>(promise: Promise<T>, ms: number): Promise<Settled<T>> {
  let timer: NodeJS.Timeout | undefined
  const pause = new Promise<'late'>((resolve) => {
    timer = setTimeout(resolve, ms, 'late')
  })
  try {
    const first = await Promise.race([promise.then((value) => ({ value })), pause])
    return first === 'late' ? { isSettled: false, promise } : { isSettled: true, value: first.value }
  } finally {
    clearTimeout(timer)
  }
}
