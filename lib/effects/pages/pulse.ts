import type postgres from 'postgres'

/**
 * A text that is another one as soon as the list of effects, its counts or its chart may look different: four reads of the
 * end of an index, however many effects there are.
 */
export async function effectsPulse(sql: postgres.Sql): Promise<string> {
  const [row] = await sql<[{ pulse: string }]>`
    select concat_ws('.',
      (select max(a.id) from kontor.effect_attempts a),
      (select e.id from kontor.effects e order by e.created_at desc, e.id desc limit 1),
      (select c.id from kontor.changes c where c.relation = 'kontor.effects' order by c.at desc, c.id desc limit 1),
      (select count(*) from (
        select from kontor.effects e where e.status in ('running', 'waiting') limit 1000) held)) as pulse`
  return row.pulse
}

/** The same for the page of one effect; empty where it is gone. */
export async function effectPulse(sql: postgres.Sql, id: string): Promise<string> {
  const [row] = await sql<{ pulse: string }[]>`
    select concat_ws('.', e.status, e.attempts, e.max_attempts, e.run_at, (
      select string_agg(f.status, ',' order by f.created_at, f.id) from (
        select id, status, created_at from kontor.effects where request_id = ${id} order by created_at limit 100) f),
      (select count(*) from kontor.effects r where r.replay_of = e.id)) as pulse
    from kontor.effects e where e.id = ${id}`
  return row?.pulse ?? ''
}
