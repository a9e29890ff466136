import { type SQL, sql } from 'drizzle-orm'
import type { Database } from '@/lib/db/client'
import { type Provenance, transact } from '@/lib/db/transaction'
import { AdminError, notFound } from '@/lib/errors'
import type { Task } from './task'

interface Operator {
  db: Database
  /** Who asks and how: recorded with the change. The caller has asked the policy before. */
  provenance: Provenance
}

/** Has a task run as soon as a worker is free, also while it is paused; its schedule stays. */
export function runTaskNow(operator: Operator, name: string): Promise<void> {
  return change(operator, name, sql`run_requested = true`)
}

/** Keeps a task from running by itself; a run under way goes on. */
export function pauseTask(operator: Operator, name: string): Promise<void> {
  return change(operator, name, sql`paused = true`)
}

/** Lets a task run again from its next moment on: what was missed while it was paused stays missed. */
export function resumeTask(operator: Operator, task: Task): Promise<void> {
  const next = task.schedule.after(new Date()).toISOString()
  return change(
    operator,
    task.name,
    // On its own grid, however long it was paused.
    sql`paused = false, next_run_at = case when next_run_at > now() then next_run_at
      when every_ms is not null then next_run_at + (floor(extract(epoch from now() - next_run_at) * 1000 / every_ms) + 1)
        * every_ms * interval '1 ms'
      else ${next}::timestamptz end`,
  )
}

/** Starts a task afresh: its initial value, no counts, the next run one interval from now. A run under way is aborted. */
export function resetTask({ db, provenance }: Operator, task: Task): Promise<void> {
  const next = task.schedule.after(new Date()).toISOString()
  return transact(db.orm, provenance, async (tx) => {
    const rows = await tx.execute(sql`
      with before as (
        select name, run_number, lease_token, run_started_at from kontor.tasks
        where name = ${task.name} and retired_at is null for update
      ), reset as (
        update kontor.tasks t set value = t.initial_value, runs_succeeded = 0, runs_failed = 0, started_at = now(),
          last_error = null, run_requested = false, lease_token = null, lease_until = null,
          next_run_at = case when t.every_ms is null then ${next}::timestamptz
            else now() + t.every_ms * interval '1 ms' end
        from before where t.name = before.name
        returning t.name, t.value, before.run_number, before.lease_token, before.run_started_at
      )
      insert into kontor.task_runs (task, number, started_at, outcome, value, error, request_id)
      select name, run_number, case when lease_token is not null then run_started_at end, 'reset', value,
        'Reset by ' || ${provenance.actor}::text, lease_token::text
      from reset returning id`)
    if (rows.length === 0) throw notFound(`The task "${task.name}"`)
    await tx.execute(sql`notify kontor_tasks`)
  })
}

async function change({ db, provenance }: Operator, name: string, assignment: SQL): Promise<void> {
  await transact(db.orm, provenance, async (tx) => {
    const [row] = await tx.execute<{ isRetired: boolean }>(sql`
      select retired_at is not null as "isRetired" from kontor.tasks where name = ${name} for update`)
    if (!row) throw notFound(`The task "${name}"`)
    if (row.isRetired) {
      throw new AdminError('conflict', `The task "${name}" is no longer in the config, so nothing runs it.`)
    }
    await tx.execute(sql`update kontor.tasks set ${assignment} where name = ${name}`)
  })
}
