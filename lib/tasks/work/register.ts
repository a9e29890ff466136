import type postgres from 'postgres'
import type { Clock } from '@/lib/db/clock'
import type { Tasks } from '../task'

/**
 * Brings kontor.tasks in line with what is declared: new tasks start (their first run is one interval away, or now), a
 * changed schedule counts from now, tasks that are no longer declared retire and keep their history, and ones that come
 * back start afresh.
 */
export async function registerTasks(sql: postgres.Sql, tasks: Tasks, clock: Clock): Promise<void> {
  const names = [...tasks.keys()]
  await sql.begin(async (tx) => {
    for (const name of names.toSorted()) {
      const task = tasks.get(name)
      if (!task) continue
      const { schedule, initialValue, runAtStart } = task
      const now = clock.now()
      const next = schedule.after(now).toISOString()
      const first = runAtStart ? now.toISOString() : next
      await tx`
        insert into kontor.tasks as t (name, value, initial_value, schedule, every_ms, started_at, next_run_at)
        values (${name}, ${initialValue}::jsonb, ${initialValue}::jsonb, ${schedule.text}, ${schedule.everyMs ?? null},
          ${now.toISOString()}::timestamptz, ${first}::timestamptz)
        on conflict (name) do update set
          initial_value = excluded.initial_value, schedule = excluded.schedule, every_ms = excluded.every_ms,
          next_run_at = case when t.retired_at is not null then excluded.next_run_at
            when t.schedule <> excluded.schedule then ${next}::timestamptz else coalesce(t.next_run_at, ${next}::timestamptz) end,
          value = case when t.retired_at is null then t.value else excluded.value end,
          started_at = case when t.retired_at is null then t.started_at else excluded.started_at end,
          runs_succeeded = case when t.retired_at is null then t.runs_succeeded else 0 end,
          runs_failed = case when t.retired_at is null then t.runs_failed else 0 end,
          retired_at = null
        where t.retired_at is not null or t.next_run_at is null or t.initial_value is distinct from excluded.initial_value
          or (t.schedule, t.every_ms) is distinct from (excluded.schedule, excluded.every_ms)`
    }
    await tx`
      update kontor.tasks set retired_at = now(), next_run_at = null, run_requested = false
      where retired_at is null and name <> all(${names}::text[])`
  })
}
