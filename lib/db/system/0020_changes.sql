-- The change log: one row for each record inserted, updated or deleted, appended by triggers in the writer's own
-- transaction. The tables' triggers are installed separately (lib/history). Only adds: a running application tolerates it.

CREATE SEQUENCE kontor.changes_id_seq;

CREATE TABLE kontor.changes (
  -- Given while the record's row lock is held: for one record, the order of ids is the order of its changes.
  id bigint NOT NULL DEFAULT nextval('kontor.changes_id_seq'),
  -- The server's clock when the statement that changed the record ended.
  at timestamptz NOT NULL DEFAULT clock_timestamp(),
  tx xid8 NOT NULL DEFAULT pg_current_xact_id(),
  relation text COLLATE "C" NOT NULL,
  -- NULL where the table has no primary key, and for 'truncate'.
  record_id text COLLATE "C",
  op text COLLATE "C" NOT NULL,
  -- Whole rows for insert (after) and delete (before), only the columns that changed for update (both). A string is the
  -- value's Postgres text, JSON null is SQL NULL.
  before jsonb,
  after jsonb,
  changed text[],
  actor text COLLATE "C" NOT NULL DEFAULT session_user,
  db_user text NOT NULL DEFAULT session_user,
  source text COLLATE "C" NOT NULL DEFAULT 'sql',
  request_id text COLLATE "C",
  reason text,

  -- Kontor's own from here on. The changes that this one undid.
  undoes bigint[]
) PARTITION BY RANGE (at);
ALTER SEQUENCE kontor.changes_id_seq OWNED BY kontor.changes.id;

COMMENT ON TABLE kontor.changes IS 'Every change of every tracked table, appended by triggers and never changed.';

-- Every index is paid for by every write. Those on growing values (id, at, tx) take new entries at their right end and
-- cost little; the record's is the dear one. Keys may be longer than an index entry may be: 500 characters are indexed.
CREATE INDEX changes_id ON kontor.changes (id);
CREATE INDEX changes_newest ON kontor.changes (at, id);
CREATE INDEX changes_tx ON kontor.changes (tx, id);
CREATE INDEX changes_relation ON kontor.changes (relation, at, id);
CREATE INDEX changes_record ON kontor.changes (relation, left(record_id, 500), id);
CREATE INDEX changes_actor ON kontor.changes (actor, at, id);
CREATE INDEX changes_request ON kontor.changes (request_id, id) WHERE request_id IS NOT NULL;
CREATE INDEX changes_undoes ON kontor.changes USING gin (undoes) WHERE undoes IS NOT NULL;

-- The net below the months: a row that no month takes still arrives.
CREATE TABLE kontor.changes_default PARTITION OF kontor.changes DEFAULT;

-- Refuses what an append-only table must refuse, whoever asks. Erasure, retention and repair, which the owner alone may
-- run, say so by a setting local to their transaction; the setting in anybody else's session opens nothing.
CREATE FUNCTION kontor.keep_history() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF current_setting('kontor.upkeep', true) = 'on'
    AND pg_has_role(current_user, (SELECT relowner FROM pg_class WHERE oid = TG_RELID), 'USAGE') THEN
    IF TG_OP = 'UPDATE' THEN RETURN NEW; END IF;
    RETURN OLD; -- NULL for TRUNCATE, whose trigger's result is ignored
  END IF;
  RAISE EXCEPTION '%.% is append-only: % is refused', TG_TABLE_SCHEMA, TG_TABLE_NAME, TG_OP
    USING ERRCODE = 'insufficient_privilege', HINT = 'Old months go by "npm run history -- retain", a person''s data by "erase".';
END $$;

-- A row trigger, so that it also stands on every partition, present and future. TRUNCATE has statement triggers only:
-- add_change_partitions puts one on each month.
CREATE TRIGGER changes_change_keep BEFORE UPDATE OR DELETE ON kontor.changes
  FOR EACH ROW EXECUTE FUNCTION kontor.keep_history();
CREATE TRIGGER changes_truncate_keep BEFORE TRUNCATE ON kontor.changes
  FOR EACH STATEMENT EXECUTE FUNCTION kontor.keep_history();
CREATE TRIGGER changes_truncate_keep BEFORE TRUNCATE ON kontor.changes_default
  FOR EACH STATEMENT EXECUTE FUNCTION kontor.keep_history();

-- Adds the partitions of this month (UTC) and the `ahead` following ones where they are missing, and returns their names.
-- SECURITY DEFINER: the worker, which owns nothing, calls it. A month whose rows already lie in the default partition is
-- left for `npm run history -- repair`. Attaching locks the default partition for a moment, hence the short patience.
CREATE FUNCTION kontor.add_change_partitions(ahead int DEFAULT 6) RETURNS SETOF text LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp SET TimeZone = 'UTC' SET lock_timeout = '2s' AS $$
DECLARE
  month timestamptz;
  partition text;
BEGIN
  PERFORM pg_advisory_xact_lock(1802465908, 21);
  FOR month IN
    SELECT generate_series(date_trunc('month', now()), date_trunc('month', now()) + make_interval(months => least(ahead, 24)), '1 month')
  LOOP
    partition := 'changes_' || to_char(month, 'YYYY_MM');
    CONTINUE WHEN to_regclass('kontor.' || partition) IS NOT NULL
      OR EXISTS (SELECT FROM kontor.changes_default WHERE at >= month AND at < month + interval '1 month');
    EXECUTE format('CREATE TABLE kontor.%I (LIKE kontor.changes INCLUDING DEFAULTS)', partition);
    EXECUTE format('CREATE TRIGGER changes_truncate_keep BEFORE TRUNCATE ON kontor.%I
      FOR EACH STATEMENT EXECUTE FUNCTION kontor.keep_history()', partition);
    EXECUTE format('ALTER TABLE kontor.changes ATTACH PARTITION kontor.%I FOR VALUES FROM (%L) TO (%L)',
      partition, month, month + interval '1 month');
    RETURN NEXT partition;
  END LOOP;
END $$;
REVOKE ALL ON FUNCTION kontor.add_change_partitions(int) FROM PUBLIC;

SELECT kontor.add_change_partitions();

-- Which tables are recorded, and since when without a gap. Written by the migration command.
CREATE TABLE kontor.tracked (
  relation text PRIMARY KEY,
  began timestamptz NOT NULL,
  -- An unlogged table loses its rows in a crash of the server: see kontor.unlogged_witness.
  unlogged boolean NOT NULL DEFAULT false
);

-- Unlogged itself, so that the crash that empties unlogged tables empties it too: a tracked unlogged table without its
-- row here was emptied.
CREATE UNLOGGED TABLE kontor.unlogged_witness (relation text PRIMARY KEY);

-- Leaves a mark in the log for each unlogged table that a crash emptied, and returns their names. Called by the worker.
CREATE FUNCTION kontor.mark_crashed_tables() RETURNS SETOF text LANGUAGE sql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp AS $$
  WITH emptied AS (
    INSERT INTO kontor.unlogged_witness (relation)
    SELECT relation FROM kontor.tracked WHERE unlogged
    ON CONFLICT DO NOTHING
    RETURNING relation
  )
  INSERT INTO kontor.changes (relation, op, actor, source)
  SELECT relation, 'truncate', 'system', 'crash' FROM emptied
  RETURNING relation
$$;
REVOKE ALL ON FUNCTION kontor.mark_crashed_tables() FROM PUBLIC;
