/** Ids of due effects of one kind, to be carried to whichever worker is free. */
export interface Offer {
  kind: string
  ids: readonly string[]
  /** 1 is taken first. */
  priority: number
  /** Its effect was running each time a process died: to be run with nothing beside it. */
  isSuspect: boolean
}

export interface Consumer {
  /** Takes no further offers; resolves when those under way are done. */
  close(): Promise<void>
}

export interface ConsumerOptions {
  /** Offers in hand at once. */
  concurrency: number
  /** Shown by the queue's own tools. */
  name: string
  /** After this long without a sign of life an offer goes to another worker. */
  leaseMs: number
  onError(error: Error): void
}

/**
 * What carries ids from whoever noticed that effects are due to whoever runs them. It may lose, repeat and reorder them:
 * the rows in kontor.effects are the truth, and whatever is not claimed in time is offered again.
 */
export interface Carrier {
  offer(offers: readonly Offer[]): Promise<void>
  /** How many offers wait at each of the priorities. */
  waiting(priorities: readonly number[]): Promise<number[]>
  consume(
    process: (offer: Pick<Offer, 'kind' | 'ids' | 'isSuspect'>) => Promise<void>,
    options: ConsumerOptions,
  ): Promise<Consumer>
  close(): Promise<void>
}
