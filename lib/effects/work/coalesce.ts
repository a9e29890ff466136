/**
 * Gathers what arrives while a statement runs into the next one: a lone item goes at once, a flood goes in large pieces.
 * One statement is under way at a time.
 * @param run takes at most `limit` items and answers each in order
 */
export function coalesce<Item, Answer>(
  run: (items: Item[]) => Promise<Answer[]>,
  limit = 250,
): (items: readonly Item[]) => Promise<Answer[]> {
  interface Waiting {
    item: Item
    resolve(answer: Answer): void
    reject(error: unknown): void
  }
  let waiting: Waiting[] = []
  let isRunning = false

  const drain = async () => {
    while (waiting.length > 0) {
      const batch = waiting.slice(0, limit)
      waiting = waiting.slice(limit)
      try {
        const answers = await run(batch.map(({ item }) => item))
        for (const [index, { resolve }] of batch.entries()) resolve(answers[index] as Answer)
      } catch (error) {
        for (const { reject } of batch) reject(error)
      }
    }
    isRunning = false
  }

  return (items) => {
    const answers = items.map(
      (item) => new Promise<Answer>((resolve, reject) => waiting.push({ item, resolve, reject })),
    )
    if (!isRunning) {
      isRunning = true
      setImmediate(drain) // whatever else this turn of the loop brings goes along
    }
    return Promise.all(answers)
  }
}
