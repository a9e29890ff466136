import type postgres from 'postgres'

/** A due effect that a queue now carries. */
export interface Offered {
  id: string
  kind: string
  /** Attempts whose worker vanished. */
  crashes: number
}

/** What a look at the table says, in one statement. */
export interface Signals {
  /** Kinds of ours with something due that no queue carries. */
  due: string[]
  /** Milliseconds until the next one within two seconds is due. */
  nextMs: number | null
  /** Transactions are open whose effects we cannot see yet, and whose ring may have been lost. */
  writersOpen: boolean
}

export async function readSignals(sql: postgres.Sql, kinds: readonly string[]): Promise<Signals> {
  const [row] = await sql<[Signals]>`
    select
      array(
        select k.kind from unnest(${kinds as string[]}::text[]) as k(kind) where exists (
          select 1 from kontor.effects e
          where e.kind = k.kind and e.status in ('pending', 'failed') and e.run_at <= now()
            and (e.offered_until is null or e.offered_until < now()))
      ) as due,
      (select extract(epoch from min(n.run_at) - now())::float8 * 1000
        from unnest(${kinds as string[]}::text[]) as k(kind) cross join lateral (
          select e.run_at from kontor.effects e
          where e.kind = k.kind and e.status in ('pending', 'failed')
            and e.run_at > now() and e.run_at < now() + interval '2 s'
          order by e.run_at limit 1) n
      ) as "nextMs",
      pg_snapshot_xmin(pg_current_snapshot()) < pg_snapshot_xmax(pg_current_snapshot()) as "writersOpen"`
  return row
}

/**
 * Marks up to `room` due effects of each kind as carried by a queue for the next `offerMs`. Rows another dispatcher is
 * marking are skipped, so each goes to one of them.
 */
export async function offerDue(
  sql: postgres.Sql,
  rooms: readonly { kind: string; room: number }[],
  offerMs: number,
): Promise<Offered[]> {
  return await sql<Offered[]>`
    with due as (
      select d.id from unnest(${rooms.map(({ kind }) => kind)}::text[], ${rooms.map(({ room }) => room)}::int[]) as k(kind, room)
      cross join lateral (
        select e.id from kontor.effects e
        where e.kind = k.kind and e.status in ('pending', 'failed') and e.run_at <= now()
          and (e.offered_until is null or e.offered_until < now())
        order by e.run_at limit k.room for update skip locked) d
    )
    update kontor.effects e set offered_until = now() + ${offerMs} * interval '1 ms'
    from due where e.id = due.id
    returning e.id, e.kind, e.crashes`
}

/** The same for a kind that declares a concurrency or a rate; kontor.offer_limited keeps both over all workers. */
export async function offerLimited(
  sql: postgres.Sql,
  limit: { kind: string; concurrency?: number; rate?: { max: number; perMs: number } },
  room: number,
  offerMs: number,
): Promise<Offered[]> {
  return await sql<Offered[]>`
    select id, ${limit.kind} as kind, crashes from kontor.offer_limited(
      ${limit.kind}, ${room}, ${limit.concurrency ?? null}, ${limit.rate?.max ?? null}, ${limit.rate?.perMs ?? null}, ${offerMs})`
}

/** Takes offers back that no queue took, or whose worker has no handler for them; due again after `delayMs`. */
export async function withdrawOffers(sql: postgres.Sql, ids: readonly string[], delayMs = 0): Promise<void> {
  await sql`
    update kontor.effects e set offered_until = case when ${delayMs}::int > 0 then now() + ${delayMs} * interval '1 ms' end
    from (
      select id from kontor.effects where id = any(${ids as string[]}::uuid[]) and status in ('pending', 'failed')
      order by id for update
    ) offered where e.id = offered.id`
}
