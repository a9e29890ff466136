-- Background jobs: work on many records in chunks, each a transaction that also moves the cursor, so that a crash resumes
-- where it stopped. Only adds: a running application tolerates it.

CREATE TABLE kontor.jobs (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  kind text NOT NULL CHECK (kind <> '' AND octet_length(kind) <= 200),
  title text NOT NULL,
  params jsonb NOT NULL,
  state text NOT NULL DEFAULT 'queued' CHECK (state IN ('queued', 'running', 'completed', 'failed', 'cancelled')),
  -- Where the next chunk begins; NULL before the job was prepared.
  cursor jsonb,
  -- NULL where nobody knows beforehand.
  total bigint,
  done bigint NOT NULL DEFAULT 0,
  failed bigint NOT NULL DEFAULT 0,
  result jsonb,
  error text,
  -- On whose behalf its writes are recorded.
  actor text NOT NULL,
  source text NOT NULL,
  reason text,
  created_at timestamptz NOT NULL DEFAULT now(),
  started_at timestamptz,
  ended_at timestamptz,
  progressed_at timestamptz,
  cancel_requested_at timestamptz,
  cancelled_by text,
  -- Chunks in a row that could not be done; and workers that vanished.
  setbacks int NOT NULL DEFAULT 0,
  run_at timestamptz NOT NULL DEFAULT now(),
  lease_token uuid,
  lease_until timestamptz,
  worker text
) WITH (fillfactor = 70);
CREATE INDEX jobs_open ON kontor.jobs (run_at) WHERE state IN ('queued', 'running');
CREATE INDEX jobs_newest ON kontor.jobs (created_at, id);
CREATE INDEX jobs_actor ON kontor.jobs (actor, created_at);

-- Records a job could not change, and why.
CREATE TABLE kontor.job_failures (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  job_id uuid NOT NULL REFERENCES kontor.jobs ON DELETE CASCADE,
  item text NOT NULL,
  reason text NOT NULL
);
CREATE INDEX job_failures_job ON kontor.job_failures (job_id, id);

CREATE FUNCTION kontor.ring_jobs() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF pg_try_advisory_xact_lock(1802465908, 51) THEN
    NOTIFY kontor_jobs;
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER jobs_insert_ring AFTER INSERT ON kontor.jobs FOR EACH STATEMENT EXECUTE FUNCTION kontor.ring_jobs();
CREATE TRIGGER jobs_update_ring AFTER UPDATE OF cancel_requested_at ON kontor.jobs
  FOR EACH STATEMENT EXECUTE FUNCTION kontor.ring_jobs();

-- Retention, for the owner: jobs that ended before the moment, with their failures.
CREATE FUNCTION kontor.purge_jobs(before timestamptz) RETURNS int
LANGUAGE sql SET search_path = pg_catalog, pg_temp AS $$
  WITH gone AS (DELETE FROM kontor.jobs j WHERE j.ended_at < before RETURNING 1) SELECT count(*)::int FROM gone
$$;
REVOKE ALL ON FUNCTION kontor.purge_jobs(timestamptz) FROM public;
