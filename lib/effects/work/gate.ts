/** Work that may run together, and work that must have the process to itself. */
export interface Gate {
  /** Runs beside other shared work, never beside `alone`. */
  shared<T>(work: () => Promise<T>): Promise<T>
  /** Waits until everything that runs has ended, and holds everything back until it has ended itself. */
  alone<T>(work: () => Promise<T>): Promise<T>
}

export function createGate(): Gate {
  let together = 0
  let last: Promise<unknown> = Promise.resolve()
  let isTaken = false
  let onEmpty: (() => void) | undefined

  return {
    async shared(work) {
      while (isTaken) await last
      together++
      try {
        return await work()
      } finally {
        together--
        if (together === 0) onEmpty?.()
      }
    },
    alone(work) {
      const before = last
      const turn = (async () => {
        await before
        isTaken = true
        if (together > 0) {
          await new Promise<void>((resolve) => {
            onEmpty = resolve
          })
          onEmpty = undefined
        }
        try {
          return await work()
        } finally {
          isTaken = false
        }
      })()
      last = turn.catch(() => {})
      return turn
    },
  }
}
