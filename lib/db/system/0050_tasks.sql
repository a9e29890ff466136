-- Scheduled tasks: their value, counts and next run survive restarts and are shared by all workers.
-- Only adds: a running application tolerates it.

CREATE TABLE kontor.tasks (
  name text PRIMARY KEY,
  -- Handed to the next run, and replaced by what it returns.
  value jsonb,
  -- Since then the counts count: the first start, a reset, or the last run that threw.
  started_at timestamptz NOT NULL DEFAULT now(),
  runs_succeeded bigint NOT NULL DEFAULT 0,
  runs_failed bigint NOT NULL DEFAULT 0,
  last_succeeded_at timestamptz,
  last_failed_at timestamptz,
  last_error text,
  -- NULL while the task is retired.
  next_run_at timestamptz,
  paused boolean NOT NULL DEFAULT false,

  -- Kontor's own from here on.
  initial_value jsonb,
  -- The schedule in words ('every 5m', 'cron 0 3 * * * in Europe/Berlin'): the page shows it, a changed one starts anew.
  schedule text NOT NULL,
  -- Length of the interval, where the schedule is one.
  every_ms bigint,
  last_duration_ms double precision,
  -- Asked for by a person: runs once even while paused.
  run_requested boolean NOT NULL DEFAULT false,
  run_number bigint NOT NULL DEFAULT 0,
  lease_token uuid,
  lease_until timestamptz,
  worker text,
  run_started_at timestamptz,
  -- No longer in the config; its history stays.
  retired_at timestamptz
) WITH (fillfactor = 70);

-- One row for each run that ended.
CREATE TABLE kontor.task_runs (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  task text NOT NULL,
  number bigint NOT NULL,
  worker text,
  -- The moment it was due, NULL for one that a person asked for.
  due_at timestamptz,
  started_at timestamptz,
  ended_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  -- threw started the task afresh; lost is a worker that vanished; late is a result that came after the lease and was
  -- refused; handed_back runs again elsewhere; skipped was missed and not made up for.
  outcome text NOT NULL
    CHECK (outcome IN ('ok', 'error', 'threw', 'timeout', 'lost', 'late', 'handed_back', 'skipped', 'reset')),
  -- The value after the run.
  value jsonb,
  error text,
  -- What its changes and effects carry as their request.
  request_id text
);
CREATE INDEX task_runs_task ON kontor.task_runs (task, id);
CREATE INDEX task_runs_ended ON kontor.task_runs (ended_at);

-- Wakes the workers where a page changed what is due; coalesced like the doorbell of effects.
CREATE FUNCTION kontor.ring_tasks() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF pg_try_advisory_xact_lock(1802465908, 50) THEN
    NOTIFY kontor_tasks;
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER tasks_update_ring AFTER UPDATE OF run_requested, paused ON kontor.tasks
  FOR EACH STATEMENT EXECUTE FUNCTION kontor.ring_tasks();

-- Retention, for the owner: runs that ended before the moment, a bounded number a call. The latest of each task stay.
CREATE FUNCTION kontor.purge_task_runs(before timestamptz, max_rows int DEFAULT 10000) RETURNS int
LANGUAGE sql SET search_path = pg_catalog, pg_temp AS $$
  WITH old AS (
    SELECT r.id FROM kontor.task_runs r WHERE r.ended_at < before
      AND r.id < (SELECT max(latest.id) FROM kontor.task_runs latest WHERE latest.task = r.task)
    ORDER BY r.ended_at LIMIT max_rows
  ), gone AS (
    DELETE FROM kontor.task_runs r USING old WHERE r.id = old.id RETURNING 1
  )
  SELECT count(*)::int FROM gone
$$;
REVOKE ALL ON FUNCTION kontor.purge_task_runs(timestamptz, int) FROM public;
