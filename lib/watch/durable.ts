import type { Logger } from 'pino'
import type postgres from 'postgres'
import type { FeedChange } from './change'
import { formatCursor, largerId, parseCursor } from './cursor'
import { presentCursor, readPage, targetAfter } from './read'

export interface DurableParts {
  sql: postgres.Sql
  log: Logger
  name: string
  /** This process, among those that may carry the subscription. */
  holder: string
  settings: {
    /** Another process takes over when this one has not been heard of for as long. */
    leaseMs: number
    pollMs: number
  }
  /** Handles a page of changes; what it was given is done when it resolves, to the number of messages told. */
  handle(changes: readonly FeedChange[]): Promise<number>
  /** What it slept through is no longer in the log. */
  onGap(): void
}

export interface RunningDurable {
  wake(): void
  /** Ends after the page under way; gives the lease back. */
  stop(): Promise<void>
}

interface Place {
  cursor: string
  target: string | null
  after: string | null
}

/**
 * Carries a named subscription: reads the log from its place in kontor.subscriptions, page by page, and moves the place
 * after each page is handled. A crash between the two tells that page again.
 */
export async function runDurable(parts: DurableParts): Promise<RunningDurable> {
  const { sql, log, name, holder, settings } = parts
  let isStopping = false
  let isWanted = true
  let wake: (() => void) | undefined
  let place: Place | undefined
  let writtenAt = 0

  await sql`
    insert into kontor.subscriptions (name, cursor) values (${name}, ${formatCursor(await presentCursor(sql))})
    on conflict (name) do nothing`

  /** Takes or keeps the lease; the place, if nobody else carries the subscription. */
  const hold = async (): Promise<Place | undefined> => {
    const [held] = await sql<Place[]>`
      update kontor.subscriptions set holder = ${holder}, held_until = now() + ${settings.leaseMs} * interval '1 ms'
      where name = ${name} and (holder is null or holder = ${holder} or held_until < now())
      returning cursor, target, after_id::text as after`
    writtenAt = performance.now()
    return held
  }

  /** @throws Error where the lease went to another process meanwhile */
  const move = async (next: Place, handled: number) => {
    const moved = await sql`
      update kontor.subscriptions set cursor = ${next.cursor}, target = ${next.target}, after_id = ${next.after},
        updated_at = clock_timestamp(), handled = handled + ${handled}, held_until = now() + ${settings.leaseMs} * interval '1 ms'
      where name = ${name} and holder = ${holder}`
    if (moved.count === 0) throw new Error(`Another process carries the subscription ${name} now.`)
    place = next
    writtenAt = performance.now()
  }

  /** Everything there is from `here` on. Where nothing was, the place is only remembered: no write for each poll. */
  const advance = async (here: Place) => {
    const from = parseCursor(here.cursor)
    const { to, isGap } = await targetOf(here)
    if (!from || isGap) {
      parts.onGap()
      return move({ cursor: formatCursor(to), target: null, after: null }, 0)
    }
    const done: Place = { cursor: formatCursor({ ...to, id: largerId(to.id, from.id) }), target: null, after: null }
    let after = here.after ?? undefined
    let pages = 0
    while (!isStopping) {
      const page = await readPage(sql, from, to, after)
      const handled = await parts.handle(page.changes)
      if (page.after === undefined) break
      after = page.after
      pages++
      await move({ cursor: here.cursor, target: formatCursor(to), after }, handled)
    }
    if (isStopping) return
    if (pages > 0 || here.target !== null || performance.now() - writtenAt > settings.leaseMs / 3) await move(done, 0)
    else place = done
  }

  const targetOf = async ({ cursor, target }: Place) => {
    const known = target === null ? undefined : parseCursor(target)
    const from = parseCursor(cursor)
    if (known) return { to: known, isGap: false }
    return from ? targetAfter(sql, from) : { to: await presentCursor(sql), isGap: true }
  }

  const once = async () => {
    if (!place || performance.now() - writtenAt > settings.leaseMs / 2) place = await hold()
    if (!place) return
    // A handler may take longer than the lease: it is kept while anything runs.
    const keeping = setInterval(() => void hold().catch(() => {}), settings.leaseMs / 3)
    try {
      await advance(place)
    } finally {
      clearInterval(keeping)
    }
  }

  const run = async () => {
    while (!isStopping) {
      isWanted = false
      try {
        await once()
      } catch (error) {
        place = undefined
        if (!isStopping) log.warn({ err: error, subscription: name }, 'a subscription could not go on; trying again')
      }
      if (isWanted || isStopping) continue
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, settings.pollMs)
        wake = () => {
          clearTimeout(timer)
          resolve()
        }
      })
    }
  }
  const running = run()

  return {
    wake() {
      isWanted = true
      wake?.()
    },
    async stop() {
      isStopping = true
      wake?.()
      await running
      const free = sql`update kontor.subscriptions set holder = null, held_until = null where name = ${name} and holder = ${holder}`
      await free.catch(() => {})
    },
  }
}
