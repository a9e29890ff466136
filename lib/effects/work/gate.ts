/** Work that may run together, and work that gets the process to itself. */
export interface Gate {
  /** Runs beside other shared work, and not beside `alone`. */
  shared<T>(work: () => Promise<T>): Promise<T>
  /**
   * Holds new work back, waits for what runs to end, and then runs with nothing beside it. Neither wait is for ever: after
   * `patienceMs` it starts beside what still runs, and after as long again others may start beside it.
   */
  alone<T>(work: () => Promise<T>): Promise<T>
}

export function createGate(patienceMs: number): Gate {
  let together = 0
  let last: Promise<unknown> = Promise.resolve()
  let isTaken = false
  let onEmpty: () => void = () => {}

  const emptied = () =>
    new Promise<void>((resolve) => {
      onEmpty = resolve
      if (together === 0) resolve()
    })

  return {
    async shared(work) {
      while (isTaken) await last
      together++
      try {
        return await work()
      } finally {
        together--
        if (together === 0) onEmpty()
      }
    },
    async alone(work) {
      const before = last
      let end: () => void = () => {}
      last = new Promise<void>((resolve) => {
        end = resolve
      })
      await before
      isTaken = true
      await atMost(patienceMs, emptied())
      const working = work()
      void atMost(
        patienceMs,
        working.catch(() => {}),
      ).then(() => {
        isTaken = false
        end()
      })
      return working
    },
  }
}

async function atMost(ms: number, work: Promise<unknown>): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const limit = new Promise((resolve) => {
    timer = setTimeout(resolve, ms)
  })
  await Promise.race([work, limit])
  clearTimeout(timer)
}
