-- Consequences as data: what must happen because data changed is a row here, inserted in the transaction that changed it
-- and carried out by a worker afterwards. The row is the truth; queues only carry its id.
-- Only adds: a running application tolerates it.

CREATE TABLE kontor.effects (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  kind text NOT NULL CHECK (kind <> '' AND octet_length(kind) <= 200),
  payload jsonb NOT NULL DEFAULT '{}',
  dedupe_key text CHECK (octet_length(dedupe_key) <= 1000),
  run_at timestamptz NOT NULL DEFAULT now(),
  -- failed will be tried again at run_at; waiting is for a callback until lease_until; dead was given up.
  status text NOT NULL DEFAULT 'pending'
    CHECK (status IN ('pending', 'running', 'waiting', 'completed', 'failed', 'dead', 'cancelled')),
  attempts int NOT NULL DEFAULT 0,
  -- NULL until the first attempt: the handler's own number then stands.
  max_attempts int CHECK (max_attempts > 0),
  created_at timestamptz NOT NULL DEFAULT now(),
  created_by text NOT NULL DEFAULT coalesce(nullif(current_setting('kontor.actor', true), ''), session_user),
  started_at timestamptz,
  completed_at timestamptz,
  completion_payload jsonb,
  last_error text,

  -- Kontor's own from here on.
  request_id text DEFAULT nullif(current_setting('kontor.request_id', true), ''),
  tx xid8 NOT NULL DEFAULT pg_current_xact_id(),
  replay_of uuid,
  -- Until then a queue is expected to carry it: nobody offers it again before.
  offered_until timestamptz,
  -- Who runs it: claim and completion are guarded by (attempts, lease_token), with this server's clock.
  lease_token uuid,
  lease_until timestamptz,
  worker text,
  -- Attempts whose worker vanished; at three the effect is set aside.
  crashes int NOT NULL DEFAULT 0
-- Rows change three times in their life: room on the page keeps the offer a heap-only update.
) WITH (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.05, autovacuum_analyze_scale_factor = 0.05);

CREATE UNIQUE INDEX effects_dedupe ON kontor.effects (kind, dedupe_key) WHERE dedupe_key IS NOT NULL;
-- What is due, kind by kind: a backlog or an unknown kind is never in another kind's way.
CREATE INDEX effects_due ON kontor.effects (kind, run_at) WHERE status IN ('pending', 'failed');
-- Leases and deadlines to watch.
CREATE INDEX effects_held ON kontor.effects (status, lease_until) WHERE status IN ('running', 'waiting');
-- The pages: newest first, over everything and within kinds and states.
CREATE INDEX effects_newest ON kontor.effects (created_at, id);
CREATE INDEX effects_state ON kontor.effects (kind, status, created_at, id);
CREATE INDEX effects_replays ON kontor.effects (replay_of) WHERE replay_of IS NOT NULL;
CREATE INDEX effects_request ON kontor.effects (request_id) WHERE request_id IS NOT NULL;

-- One row for each attempt that ended, and for results that came too late to count. No foreign key: it would lock the
-- effect's row once more for every attempt; purge_effects removes both together.
CREATE TABLE kontor.effect_attempts (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  effect_id uuid NOT NULL,
  kind text NOT NULL,
  attempt int NOT NULL,
  worker text,
  started_at timestamptz,
  ended_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  outcome text NOT NULL CHECK (outcome IN
    ('completed', 'failed', 'timeout', 'crashed', 'handed_back', 'invalid', 'cancelled', 'late')),
  error text
);
CREATE INDEX effect_attempts_effect ON kontor.effect_attempts (effect_id, id);
-- The chart reads nothing but this.
CREATE INDEX effect_attempts_ended ON kontor.effect_attempts (ended_at) INCLUDE (outcome, kind);

-- What the kinds that declare a concurrency or a rate have under way, over all workers. The row is also the lock under
-- which such a kind is offered.
CREATE TABLE kontor.effect_limits (
  kind text PRIMARY KEY,
  -- Offered and, when last looked at, not yet claimed.
  offered uuid[] NOT NULL DEFAULT '{}',
  -- When the most recent attempts were let through: at most as many as the rate allows.
  starts timestamptz[] NOT NULL DEFAULT '{}'
);

COMMENT ON TABLE kontor.effects IS 'Insert kind and payload: a worker carries it out, at least once, and writes back what happened.';
