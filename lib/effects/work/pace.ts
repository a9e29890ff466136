/** How long handlers take, kind by kind: decides how many ids an offer carries. */
export interface Pace {
  note(kind: string, tookMs: number): void
  batchSize(kind: string): number
}

/** An offer shall keep a worker busy for about this long: longer would keep ids from idle workers and from priorities. */
const OFFER_MS = 20
const MOST_IDS = 25

/** Starts with one id an offer, until a kind has shown to be quick. */
export function measurePace(): Pace {
  const means = new Map<string, number>()
  return {
    note(kind, tookMs) {
      const mean = means.get(kind) ?? tookMs
      means.set(kind, mean + (tookMs - mean) * 0.1)
    },
    batchSize(kind) {
      const mean = means.get(kind)
      return mean === undefined ? 1 : Math.max(1, Math.min(MOST_IDS, Math.floor(OFFER_MS / Math.max(mean, 0.01))))
    },
  }
}
