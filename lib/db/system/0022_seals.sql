-- Proof that the log was not rewritten: changes are sealed in batches, each seal carrying the digest of every row and of
-- the seal before it; what the owner does to the log (erasure, retention, repair) is itself a row, logged and sealed.
-- Only adds: a running application tolerates it.

-- A row's digest, from everything in it. Whole values are hashed apart, since together they may exceed what one JSON
-- value can hold. `npm run history -- verify` computes the same by itself (lib/history/digest.ts).
CREATE FUNCTION kontor.change_digest(c kontor.changes) RETURNS bytea LANGUAGE sql STABLE AS $$
  SELECT sha256(convert_to(jsonb_build_array(c.id, (extract(epoch FROM c.at) * 1000000)::bigint, c.tx::text, c.relation,
      c.record_id, c.op, c.changed, c.actor, c.db_user, c.source, c.request_id, c.reason, c.undoes)::text, 'UTF8')
    || sha256(convert_to(coalesce(c.before::text, ''), 'UTF8'))
    || sha256(convert_to(coalesce(c.after::text, ''), 'UTF8')))
$$;

CREATE TABLE kontor.seals (
  seq bigint PRIMARY KEY,
  at timestamptz NOT NULL DEFAULT clock_timestamp(),
  -- The batch holds transactions visible in `snapshot` and not in that of the last complete seal before.
  snapshot pg_snapshot NOT NULL,
  -- False while the snapshot's transactions go on in the next seal, after (through_tx, through_id).
  complete boolean NOT NULL,
  through_tx xid8 NOT NULL,
  through_id bigint NOT NULL,
  -- All rows of one seal lie in one month, so that retention takes whole seals.
  month date NOT NULL,
  count int NOT NULL,
  -- For each row its id (8 bytes) and digest (32); NULL once its month is detached.
  leaves bytea,
  leaves_digest bytea NOT NULL,
  digest bytea NOT NULL
);
-- Digests do not compress.
ALTER TABLE kontor.seals ALTER COLUMN leaves SET STORAGE EXTERNAL;

CREATE TRIGGER seals_change_keep BEFORE UPDATE OR DELETE ON kontor.seals
  FOR EACH ROW EXECUTE FUNCTION kontor.keep_history();
CREATE TRIGGER seals_truncate_keep BEFORE TRUNCATE ON kontor.seals
  FOR EACH STATEMENT EXECUTE FUNCTION kontor.keep_history();

-- A seal's own digest: the chain.
CREATE FUNCTION kontor.seal_digest(previous bytea, s kontor.seals) RETURNS bytea LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp SET DateStyle = 'ISO, MDY' AS $$
  SELECT sha256(coalesce(previous, '') || s.leaves_digest || convert_to(concat_ws(' ', s.seq, s.snapshot, s.complete,
    s.through_tx, s.through_id, s.month, s.count), 'UTF8'))
$$;

-- Seals what was committed since the last seal, at most `batches` batches of `batch` rows, and returns the number of rows.
-- Writers never wait for it: it reads by snapshot, as the feed does. One at a time; whoever comes second does nothing.
CREATE FUNCTION kontor.seal_changes(batch int DEFAULT 10000, batches int DEFAULT 10) RETURNS int LANGUAGE plpgsql
SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET TimeZone = 'UTC' AS $$
#variable_conflict use_column
DECLARE
  last kontor.seals;
  next kontor.seals;
  known pg_snapshot;
  target pg_snapshot;
  after_tx xid8;
  after_id bigint;
  piece record;
  rows int;
  sealed int := 0;
BEGIN
  IF NOT pg_try_advisory_xact_lock(1802465908, 22) THEN
    RETURN 0;
  END IF;
  SELECT * INTO last FROM kontor.seals ORDER BY seq DESC LIMIT 1;
  FOR turn IN 1..batches LOOP
    known := coalesce((SELECT snapshot FROM kontor.seals WHERE complete ORDER BY seq DESC LIMIT 1), '1:1:');
    IF last.complete IS FALSE THEN
      target := last.snapshot;
      after_tx := last.through_tx;
      after_id := last.through_id;
    ELSE
      target := pg_current_snapshot();
      after_tx := '0';
      after_id := 0;
    END IF;
    rows := 0;
    FOR piece IN
      WITH fresh AS (
        SELECT * FROM (
          -- Transactions open at the last seal, then those begun since: together in the order of the index.
          (SELECT c.tx, c.id, date_trunc('month', c.at)::date AS month, kontor.change_digest(c) AS digest
            FROM kontor.changes AS c
            WHERE c.tx = ANY (ARRAY(SELECT pg_snapshot_xip(known))) AND (c.tx, c.id) > (after_tx, after_id)
              AND pg_visible_in_snapshot(c.tx, target)
            ORDER BY c.tx, c.id LIMIT batch)
          UNION ALL
          (SELECT c.tx, c.id, date_trunc('month', c.at)::date, kontor.change_digest(c)
            FROM kontor.changes AS c
            WHERE c.tx >= pg_snapshot_xmax(known) AND (c.tx, c.id) > (after_tx, after_id)
              AND pg_visible_in_snapshot(c.tx, target)
            ORDER BY c.tx, c.id LIMIT batch)
        ) AS either ORDER BY tx, id LIMIT batch
      )
      SELECT month, count(*)::int AS count, string_agg(int8send(id) || digest, ''::bytea ORDER BY tx, id) AS leaves,
        (SELECT tx FROM fresh ORDER BY tx DESC, id DESC LIMIT 1) AS through_tx,
        (SELECT id FROM fresh ORDER BY tx DESC, id DESC LIMIT 1) AS through_id,
        sum(count(*)) OVER () < batch AND row_number() OVER (ORDER BY month DESC) = 1 AS complete
      FROM fresh GROUP BY month ORDER BY month
    LOOP
      rows := rows + piece.count;
      SELECT coalesce(last.seq, 0) + 1, clock_timestamp(), target, piece.complete, piece.through_tx, piece.through_id,
        piece.month, piece.count, piece.leaves, sha256(piece.leaves), NULL::bytea INTO next;
      next.digest := kontor.seal_digest(last.digest, next);
      INSERT INTO kontor.seals SELECT next.*;
      last := next;
    END LOOP;
    sealed := sealed + rows;
    -- A batch that ended on its last row left its seal open: an empty one says so.
    IF rows = 0 AND last.complete IS FALSE THEN
      next := last;
      next.seq := last.seq + 1;
      next.at := clock_timestamp();
      next.complete := true;
      next.count := 0;
      next.leaves := '';
      next.leaves_digest := sha256('');
      next.digest := kontor.seal_digest(last.digest, next);
      INSERT INTO kontor.seals SELECT next.*;
      last := next;
    END IF;
    EXIT WHEN rows < batch;
  END LOOP;
  RETURN sealed;
END $$;
REVOKE ALL ON FUNCTION kontor.seal_changes(int, int) FROM PUBLIC;
