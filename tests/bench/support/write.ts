import { Worker } from 'node:worker_threads'

export interface WriteOptions {
  table: string
  /** A number that each update counts up. Default `n`. */
  column?: string
  /** Records by their ids from 1 on. Default 10,000. */
  ids?: number
  /** Settings of the sessions. */
  settings?: Record<string, string>
  connections: number
  seconds: number
}

/** One loop for all connections would be busier than the server, and what else runs would cost it more than the server. */
const THREADS = 4

/** Writes single rows, a transaction each, for a while, from several threads. @returns commits a second */
export async function write(url: string, options: WriteOptions): Promise<number> {
  const threads = Math.min(THREADS, options.connections)
  const inThread = (connections: number) =>
    new Promise<number>((resolve, reject) => {
      const workerData = { url, column: 'n', ids: 10_000, settings: {}, ...options, connections }
      const writers = new Worker(new URL('./writers.mjs', import.meta.url), { workerData })
      writers.once('message', resolve).once('error', reject)
    })
  const shares = Array.from({ length: threads }, (_, thread) => Math.floor((options.connections + thread) / threads))
  const rates = await Promise.all(shares.map(inThread))
  return rates.reduce((sum, rate) => sum + rate, 0)
}

/** One case of writers, measured in turns with others. */
export type WriteCase = readonly [label: string, run: () => Promise<number>]

/**
 * In turns, so that what else the machine does meets all of them, there and back, since a log that grows makes whoever
 * comes last look slower; ratios against the first, round by round.
 */
export async function compare(cases: readonly WriteCase[], rounds: number) {
  const rates = cases.map(() => [] as number[])
  for (let round = 0; round < rounds; round++) {
    const turns = [...cases.entries()]
    for (const [at, [, run]] of round % 2 === 0 ? turns : turns.toReversed()) rates[at]?.push(await run())
  }
  const median = (list: readonly number[] = []) => list.toSorted((a, b) => a - b)[Math.floor(list.length / 2)] ?? 0
  return cases.map(([label], at) => ({
    case: label,
    result: `${Math.round(median(rates[at]))} commits/s`,
    ratio: median(rates[at]?.map((rate, round) => rate / (rates[0]?.[round] ?? rate))).toFixed(2),
  }))
}
