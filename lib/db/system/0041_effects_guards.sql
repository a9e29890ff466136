-- What the database itself promises about effects: what was asked for never changes, what is finished stays finished,
-- rows go only by retention, and an insert wakes the workers. Only adds: a running application tolerates it.

-- The doorbell carries nothing and rings once for all transactions under way: every notifying transaction takes one
-- cluster-wide lock until its commit is flushed. A ring may be lost (its holder commits before we do), so dispatchers
-- look again while writers are open, and each second.
CREATE FUNCTION kontor.ring_effects() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF pg_try_advisory_xact_lock(1802465908, 40) THEN
    NOTIFY kontor_effects;
  END IF;
  RETURN NULL;
END $$;

CREATE TRIGGER effects_insert_ring AFTER INSERT ON kontor.effects
  FOR EACH STATEMENT EXECUTE FUNCTION kontor.ring_effects();

CREATE FUNCTION kontor.keep_effect() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION '%', CASE TG_ARGV[0]
    WHEN 'request' THEN 'What an effect was asked for never changes: insert another one'
    WHEN 'finished' THEN 'A completed effect stays as it is: replay it as a new one'
    ELSE 'Effects go only by retention: kontor.purge_effects(before)' END
    USING ERRCODE = 'restrict_violation', TABLE = TG_TABLE_NAME, SCHEMA = TG_TABLE_SCHEMA;
END $$;

-- BEFORE UPDATE OF: a statement that names none of these columns (all of the workers' do) pays nothing.
CREATE TRIGGER effects_update_request
  BEFORE UPDATE OF id, kind, payload, dedupe_key, created_at, created_by, request_id, tx, replay_of ON kontor.effects
  FOR EACH ROW
  WHEN ((old.id, old.kind, old.payload, old.dedupe_key, old.created_at, old.created_by, old.request_id, old.tx, old.replay_of)
    IS DISTINCT FROM
    (new.id, new.kind, new.payload, new.dedupe_key, new.created_at, new.created_by, new.request_id, new.tx, new.replay_of))
  EXECUTE FUNCTION kontor.keep_effect('request');

CREATE TRIGGER effects_update_finished BEFORE UPDATE ON kontor.effects
  FOR EACH ROW WHEN (old.status = 'completed') EXECUTE FUNCTION kontor.keep_effect('finished');

CREATE TRIGGER effects_delete_retention BEFORE DELETE ON kontor.effects
  FOR EACH ROW WHEN (coalesce(current_setting('kontor.retention', true), '') <> 'on')
  EXECUTE FUNCTION kontor.keep_effect('retention');
CREATE TRIGGER effects_truncate_retention BEFORE TRUNCATE ON kontor.effects
  FOR EACH STATEMENT EXECUTE FUNCTION kontor.keep_effect('retention');

-- Requests an effect from a trigger, a function or psql; asked twice with one dedupe_key, the first one's id comes back.
-- SECURITY DEFINER, so that whoever writes to a table with such a trigger needs no right on kontor.effects; created_by
-- is still the session's user.
CREATE FUNCTION kontor.request_effect(
  kind text, payload jsonb DEFAULT '{}', dedupe_key text DEFAULT NULL, run_at timestamptz DEFAULT now(),
  max_attempts int DEFAULT NULL
) RETURNS uuid LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
DECLARE
  requested uuid;
BEGIN
  -- A concurrent request of the same key is waited for by the INSERT, then seen by the SELECT; gone again only when its
  -- transaction was rolled back or retention passed between the two: then ours is the first.
  LOOP
    INSERT INTO kontor.effects AS e (kind, payload, dedupe_key, run_at, max_attempts)
    VALUES ($1, coalesce($2, 'null'), $3, coalesce($4, now()), $5)
    ON CONFLICT (kind, dedupe_key) WHERE dedupe_key IS NOT NULL DO NOTHING
    RETURNING e.id INTO requested;
    EXIT WHEN requested IS NOT NULL;
    SELECT e.id INTO requested FROM kontor.effects e WHERE e.kind = $1 AND e.dedupe_key = $3;
    EXIT WHEN requested IS NOT NULL;
  END LOOP;
  RETURN requested;
END $$;
REVOKE ALL ON FUNCTION kontor.request_effect(text, jsonb, text, timestamptz, int) FROM public;

-- Retention, for the owner: removes effects that ended before the moment, with their attempts, a bounded number a call.
CREATE FUNCTION kontor.purge_effects(before timestamptz, max_rows int DEFAULT 10000) RETURNS int
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  removed uuid[];
BEGIN
  PERFORM set_config('kontor.retention', 'on', true);
  WITH old AS (
    SELECT e.id FROM kontor.effects e
    WHERE e.status IN ('completed', 'dead', 'cancelled') AND e.created_at < before
      AND coalesce(e.completed_at, e.started_at, e.created_at) < before
    ORDER BY e.created_at LIMIT max_rows FOR UPDATE SKIP LOCKED
  ), gone AS (
    DELETE FROM kontor.effects e USING old WHERE e.id = old.id RETURNING e.id
  )
  SELECT array_agg(gone.id) INTO removed FROM gone;
  DELETE FROM kontor.effect_attempts a WHERE a.effect_id = ANY (removed);
  PERFORM set_config('kontor.retention', '', true);
  RETURN coalesce(cardinality(removed), 0);
END $$;
REVOKE ALL ON FUNCTION kontor.purge_effects(timestamptz, int) FROM public;
