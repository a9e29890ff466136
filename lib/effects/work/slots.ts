/** Lets at most `size` pieces of work run at once; the rest wait in order. */
export interface Slots {
  run<T>(work: () => Promise<T>): Promise<T>
  /** Pieces that run now. */
  busy(): number
}

export function createSlots(size: number): Slots {
  let busy = 0
  const queue: (() => void)[] = []
  return {
    busy: () => busy,
    async run(work) {
      if (busy >= size) await new Promise<void>((resolve) => queue.push(resolve))
      else busy++
      try {
        return await work()
      } finally {
        const next = queue.shift()
        if (next) next()
        else busy--
      }
    },
  }
}
