import type postgres from 'postgres'
import type { Task } from '../task'

/** A run this worker may do, until the lease is over. */
export interface ClaimedRun {
  task: Task
  number: number
  value: unknown
  token: string
  dueAt: Date | undefined
  startedAtMs: number
}

interface Row {
  value: unknown
  paused: boolean
  nowMs: number
  nextMs: number | null
  runRequested: boolean
  runNumber: string
  token: string | null
  isHeld: boolean
  worker: string | null
}

/** A run found this late was missed, not delayed: with `catchUp: 'skip'` it is left out. */
const MOST_LATE_MS = 60_000

/**
 * Takes the lease of a task that is due or was asked for. In one transaction: what a vanished worker left is recorded and
 * made up for, a missed run is skipped where the task says so, and the next run stands on the schedule's own grid, however
 * late this one is. Undefined where another worker was faster or nothing is due.
 */
export function claimRun(
  sql: postgres.Sql,
  task: Task,
  worker: string,
  leaseMs: number,
): Promise<ClaimedRun | undefined> {
  const { name } = task
  return sql.begin(async (tx): Promise<ClaimedRun | undefined> => {
    const [row] = await tx<Row[]>`
      select value, paused, run_requested as "runRequested", run_number as "runNumber", lease_token as token, worker,
        extract(epoch from clock_timestamp())::float8 * 1000 as "nowMs",
        extract(epoch from next_run_at)::float8 * 1000 as "nextMs",
        lease_until is not null and lease_until >= clock_timestamp() as "isHeld"
      from kontor.tasks where name = ${name} and retired_at is null for update skip locked`
    if (!row || row.isHeld) return undefined
    const isLost = row.token !== null
    if (isLost) await recordLost(tx, task, row)
    const isRequested = row.runRequested
    // What a vanished worker did not finish is made up for at once, unless the task leaves missed runs out.
    const nextMs = isLost && task.catchUp === 'once' ? row.nowMs : row.nextMs
    const isDue = !row.paused && nextMs !== null && nextMs <= row.nowMs
    const { dueMs, followingMs } = isDue ? tickOf(task, nextMs, row.nowMs) : { dueMs: undefined, followingMs: nextMs }
    const following = followingMs === null ? null : new Date(followingMs).toISOString()
    const isMissed = dueMs !== undefined && task.catchUp === 'skip' && row.nowMs - dueMs > latest(task, dueMs)
    if (isMissed) {
      await tx`insert into kontor.task_runs (task, number, worker, due_at, outcome, value, error)
        select name, run_number, ${worker}, ${new Date(dueMs).toISOString()}::timestamptz, 'skipped', value,
          'Missed: no worker was free when it was due' from kontor.tasks where name = ${name}`
    }
    if (!isRequested && (isMissed || dueMs === undefined)) {
      await tx`update kontor.tasks set next_run_at = ${following}::timestamptz, lease_token = null, lease_until = null
        where name = ${name}`
      return undefined
    }
    const [claimed] = await tx<{ token: string }[]>`
      update kontor.tasks set next_run_at = ${following}::timestamptz, run_requested = false, run_number = run_number + 1,
        lease_token = gen_random_uuid(), lease_until = clock_timestamp() + ${leaseMs} * interval '1 ms', worker = ${worker},
        run_started_at = clock_timestamp()
      where name = ${name} returning lease_token as token`
    if (!claimed) return undefined
    const dueAt = dueMs === undefined || isMissed ? undefined : new Date(dueMs)
    const number = Number(row.runNumber) + 1
    return { task, number, value: row.value, token: claimed.token, dueAt, startedAtMs: row.nowMs }
  })
}

/** The run that is due now, and the one after it: of several missed ones the latest stands for all. */
function tickOf({ schedule }: Task, nextMs: number, nowMs: number): { dueMs: number; followingMs: number } {
  if (schedule.everyMs !== undefined) {
    const dueMs = nextMs + Math.floor((nowMs - nextMs) / schedule.everyMs) * schedule.everyMs
    return { dueMs, followingMs: dueMs + schedule.everyMs }
  }
  return { dueMs: nextMs, followingMs: schedule.after(new Date(nowMs)).getTime() }
}

function latest({ schedule }: Task, dueMs: number): number {
  return Math.min(MOST_LATE_MS, (schedule.after(new Date(dueMs)).getTime() - dueMs) / 2)
}

async function recordLost(tx: postgres.TransactionSql, { name }: Task, { token }: Row): Promise<void> {
  await tx`
    with lost as (
      update kontor.tasks set runs_failed = runs_failed + 1, last_failed_at = clock_timestamp(),
        last_error = 'The worker vanished during the run' where name = ${name}
      returning name, run_number, worker, run_started_at, value, last_error
    )
    insert into kontor.task_runs (task, number, worker, started_at, outcome, value, error, request_id)
    select name, run_number, worker, run_started_at, 'lost', value, last_error, ${token} from lost`
}
