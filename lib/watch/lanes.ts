/** Runs work with bounded concurrency; what has the same key runs one after the other, in the order it came. */
export interface Lanes {
  add(key: string, work: () => Promise<void>): void
  /** Resolves when there is room for more. */
  room(): Promise<void>
  /** Resolves when nothing runs or waits. */
  idle(): Promise<void>
  pending(): number
}

/**
 * @param concurrency how many run at once
 * @param depth how many may wait before `room` makes the caller wait
 */
export function createLanes(concurrency: number, depth: number): Lanes {
  const lanes = new Map<string, (() => Promise<void>)[]>()
  const ready: string[] = []
  let running = 0
  let pending = 0
  let waiters: { at: number; resolve: () => void }[] = []

  const settle = () => {
    const due = waiters.filter(({ at }) => pending <= at)
    if (due.length === 0) return
    waiters = waiters.filter(({ at }) => pending > at)
    for (const { resolve } of due) resolve()
  }
  const until = (at: number) =>
    pending <= at ? Promise.resolve() : new Promise<void>((resolve) => waiters.push({ at, resolve }))

  const start = () => {
    while (running < concurrency && ready.length > 0) void carry(ready.shift()!)
  }
  const carry = async (key: string) => {
    running++
    const lane = lanes.get(key)!
    await lane[0]!().catch(() => {})
    running--
    pending--
    lane.shift()
    if (lane.length > 0) ready.push(key)
    else lanes.delete(key)
    settle()
    start()
  }

  return {
    add(key, work) {
      pending++
      const lane = lanes.get(key)
      if (lane) {
        lane.push(work)
        return
      }
      lanes.set(key, [work])
      ready.push(key)
      start()
    },
    room: () => until(depth),
    idle: () => until(0),
    pending: () => pending,
  }
}
