import type postgres from 'postgres'

/** What tells the time: `ctx.clock.now()`. */
export interface Clock {
  now(): Date
}

/** This machine's own clock. */
export const systemClock: Clock = { now: () => new Date() }

export interface DatabaseClock extends Clock {
  /** Measures again; call it now and then, since machines drift and get set. */
  adjust(): Promise<void>
}

/**
 * The database's time, told from this machine: leases, schedules and signatures then agree between workers whose clocks
 * do not. Between measurements it advances by the monotonic timer, so setting the machine's clock changes nothing.
 */
export async function databaseClock(sql: postgres.Sql): Promise<DatabaseClock> {
  let offsetMs = 0
  const adjust = async () => {
    const before = performance.now()
    const [row] = await sql`select extract(epoch from clock_timestamp()) * 1000 as ms`
    const halfway = (before + performance.now()) / 2
    offsetMs = Number(row?.ms) - halfway
  }
  await adjust()
  return { adjust, now: () => new Date(performance.now() + offsetMs) }
}
