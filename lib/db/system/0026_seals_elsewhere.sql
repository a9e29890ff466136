-- Seals that outlive their cluster. A dump restored into another one brings transaction numbers that mean nothing there: new
-- transactions have lower ones, and by snapshots alone none of them would be sealed until the numbers caught up. Only adds: a
-- running application tolerates it, and verifies what is sealed from now on as before, unless the log moves.

ALTER TABLE kontor.seals
  -- The system identifier of the cluster whose numbers `snapshot` speaks of; NULL in seals made before it was kept.
  ADD COLUMN system text COLLATE "C",
  -- Of changes up to this id the transaction numbers say nothing: they came along from another cluster, and those that were
  -- not sealed there are in its first seals here. NULL while the log has not moved.
  ADD COLUMN floor bigint,
  -- No change had a higher id when this seal was made, so those that come after a move do.
  ADD COLUMN newest bigint;

-- A seal's own digest: the chain. As in 0022; where the log has moved, where it lies belongs to it.
CREATE OR REPLACE FUNCTION kontor.seal_digest(previous bytea, s kontor.seals) RETURNS bytea LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp SET DateStyle = 'ISO, MDY' AS $$
  SELECT sha256(coalesce(previous, '') || s.leaves_digest || convert_to(concat_ws(' ', s.seq, s.snapshot, s.complete,
    s.through_tx, s.through_id, s.month, s.count,
    CASE WHEN s.floor IS NOT NULL THEN concat_ws(' ', s.system, s.floor, s.newest) END), 'UTF8'))
$$;

-- Whether a seal was made in another cluster than this. Of one without identifier only numbers that have not come yet tell.
CREATE FUNCTION kontor.is_of_other_cluster(s kontor.seals) RETURNS boolean LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp AS $$
  SELECT CASE WHEN s.system IS NULL THEN pg_snapshot_xmax(s.snapshot) > pg_snapshot_xmax(pg_current_snapshot())
    ELSE s.system <> (SELECT system_identifier::text FROM pg_control_system()) END
$$;
REVOKE ALL ON FUNCTION kontor.is_of_other_cluster(kontor.seals) FROM PUBLIC;

-- The highest id that any seal lists: for seals made before `newest` was kept.
CREATE FUNCTION kontor.newest_sealed() RETURNS bigint LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  found bigint := 0;
  leaves bytea;
BEGIN
  FOR leaves IN SELECT s.leaves FROM kontor.seals AS s WHERE s.leaves <> '' LOOP
    leaves := leaves || ''; -- read once, not for each row
    found := greatest(found, (SELECT max(('x' || encode(substr(leaves, place, 8), 'hex'))::bit(64)::bigint)
      FROM generate_series(1, length(leaves), 40) AS place));
  END LOOP;
  RETURN greatest(found, (SELECT max(s.through_id) FROM kontor.seals AS s));
END $$;
REVOKE ALL ON FUNCTION kontor.newest_sealed() FROM PUBLIC;

-- What was committed since the seal `known` of this cluster and is visible in `target`, after (after_tx, after_id).
CREATE FUNCTION kontor.unsealed_since(known kontor.seals, target pg_snapshot, after_tx xid8, after_id bigint, batch int)
RETURNS TABLE (tx xid8, id bigint, month date, digest bytea) LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp SET TimeZone = 'UTC' AS $$
#variable_conflict use_column
DECLARE
  seen pg_snapshot := coalesce(known.snapshot, '1:1:');
  below bigint := coalesce(known.floor, 0);
BEGIN
  RETURN QUERY SELECT * FROM (
    -- Transactions open at the last seal, then those begun since: together in the order of the index.
    (SELECT c.tx, c.id, date_trunc('month', c.at)::date, kontor.change_digest(c)
      FROM kontor.changes AS c
      WHERE c.tx = ANY (ARRAY(SELECT pg_snapshot_xip(seen))) AND (c.tx, c.id) > (after_tx, after_id) AND c.id > below
        AND pg_visible_in_snapshot(c.tx, target)
      ORDER BY c.tx, c.id LIMIT batch)
    UNION ALL
    (SELECT c.tx, c.id, date_trunc('month', c.at)::date, kontor.change_digest(c)
      FROM kontor.changes AS c
      WHERE c.tx >= pg_snapshot_xmax(seen) AND (c.tx, c.id) > (after_tx, after_id) AND c.id > below
        AND pg_visible_in_snapshot(c.tx, target)
      ORDER BY c.tx, c.id LIMIT batch)
  ) AS either (tx, id, month, digest) ORDER BY tx, id LIMIT batch;
END $$;
REVOKE ALL ON FUNCTION kontor.unsealed_since(kontor.seals, pg_snapshot, xid8, bigint, int) FROM PUBLIC;

-- The same where `known` was made in another cluster: by id, with all that came along (up to `below`) and what `target`
-- shows of this cluster's own. What the other cluster had not finished sealing is sealed again.
CREATE FUNCTION kontor.unsealed_after_move(known kontor.seals, target pg_snapshot, below bigint, after_id bigint, batch int)
RETURNS TABLE (tx xid8, id bigint, month date, digest bytea) LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp SET TimeZone = 'UTC' AS $$
#variable_conflict use_column
DECLARE
  seen pg_snapshot := coalesce(known.snapshot, '1:1:');
  known_below bigint := greatest(known.floor, after_id);
  newest bigint := CASE WHEN known.seq IS NULL THEN 0 ELSE coalesce(known.newest, kontor.newest_sealed()) END;
BEGIN
  RETURN QUERY SELECT * FROM (
    (SELECT c.tx, c.id, date_trunc('month', c.at)::date, kontor.change_digest(c)
      FROM kontor.changes AS c
      WHERE c.id > greatest(newest, after_id) AND (c.id <= below OR pg_visible_in_snapshot(c.tx, target))
      ORDER BY c.id LIMIT batch)
    UNION ALL
    -- What was not committed there when `known` was made, but had its ids.
    (SELECT c.tx, c.id, date_trunc('month', c.at)::date, kontor.change_digest(c)
      FROM kontor.changes AS c
      WHERE c.tx >= pg_snapshot_xmax(seen) AND c.id > known_below AND c.id <= newest
        AND (c.id <= below OR pg_visible_in_snapshot(c.tx, target))
      ORDER BY c.id LIMIT batch)
    UNION ALL
    (SELECT c.tx, c.id, date_trunc('month', c.at)::date, kontor.change_digest(c)
      FROM kontor.changes AS c
      WHERE c.tx = ANY (ARRAY(SELECT pg_snapshot_xip(seen))) AND c.id > known_below AND c.id <= newest
        AND (c.id <= below OR pg_visible_in_snapshot(c.tx, target))
      ORDER BY c.id LIMIT batch)
  ) AS one_of (tx, id, month, digest) ORDER BY id LIMIT batch;
END $$;
REVOKE ALL ON FUNCTION kontor.unsealed_after_move(kontor.seals, pg_snapshot, bigint, bigint, int) FROM PUBLIC;

-- Up to which id the log came from elsewhere, and the snapshot that says so: a row that is there although its transaction is
-- not visible. Whatever is written here has higher ids, and what else came along bears numbers that are over. VOLATILE, so that
-- the statement within takes a snapshot of its own.
CREATE FUNCTION kontor.brought_along(OUT snapshot pg_snapshot, OUT below bigint) LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp SET enable_seqscan = off AS $$
DECLARE
  own xid8 := pg_current_xact_id_if_assigned();
BEGIN
  SELECT now.snapshot, CASE WHEN EXISTS (
      SELECT FROM kontor.changes AS c
      WHERE c.tx >= pg_snapshot_xmin(now.snapshot) AND NOT pg_visible_in_snapshot(c.tx, now.snapshot) AND c.tx IS DISTINCT FROM own
    ) THEN (
      SELECT c.id FROM kontor.changes AS c
      WHERE c.tx >= pg_snapshot_xmin(now.snapshot) AND NOT pg_visible_in_snapshot(c.tx, now.snapshot) AND c.tx IS DISTINCT FROM own
      ORDER BY c.id DESC LIMIT 1
    ) ELSE 0 END
  INTO snapshot, below FROM (SELECT pg_current_snapshot() AS snapshot OFFSET 0) AS now;
END $$;
REVOKE ALL ON FUNCTION kontor.brought_along() FROM PUBLIC;

-- As in 0022, and goes on by id where the newest seal was made in another cluster.
CREATE OR REPLACE FUNCTION kontor.seal_changes(batch int DEFAULT 10000, batches int DEFAULT 10) RETURNS int LANGUAGE plpgsql
SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET TimeZone = 'UTC' AS $$
#variable_conflict use_column
DECLARE
  here text := (SELECT system_identifier::text FROM pg_control_system());
  known kontor.seals;
  last kontor.seals;
  next kontor.seals;
  -- The log came from another cluster, and this one's first seals are being made.
  has_moved boolean;
  goes_on boolean;
  target pg_snapshot;
  below bigint;
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
    SELECT * INTO known FROM kontor.seals WHERE complete ORDER BY seq DESC LIMIT 1;
    has_moved := coalesce(kontor.is_of_other_cluster(last), false);
    goes_on := last.complete IS FALSE AND NOT has_moved;
    has_moved := has_moved OR goes_on AND last.floor IS NOT NULL AND known.system IS DISTINCT FROM last.system;
    IF goes_on THEN
      target := last.snapshot;
      below := last.floor;
      after_tx := last.through_tx;
      after_id := last.through_id;
    ELSE
      after_tx := '0';
      after_id := 0;
      IF has_moved THEN
        SELECT b.snapshot, b.below INTO target, below FROM kontor.brought_along() AS b;
      ELSE
        target := pg_current_snapshot();
        below := last.floor;
      END IF;
    END IF;
    rows := 0;
    FOR piece IN
      WITH fresh AS MATERIALIZED (
        SELECT f.* FROM kontor.unsealed_since(known, target, after_tx, after_id, batch)
          WITH ORDINALITY AS f (tx, id, month, digest, place) WHERE NOT has_moved
        UNION ALL
        SELECT f.* FROM kontor.unsealed_after_move(known, target, below, after_id, batch)
          WITH ORDINALITY AS f (tx, id, month, digest, place) WHERE has_moved
      )
      SELECT month, count(*)::int AS count, string_agg(int8send(id) || digest, ''::bytea ORDER BY place) AS leaves,
        (SELECT tx FROM fresh ORDER BY place DESC LIMIT 1) AS through_tx,
        (SELECT id FROM fresh ORDER BY place DESC LIMIT 1) AS through_id,
        sum(count(*)) OVER () < batch AND row_number() OVER (ORDER BY month DESC) = 1 AS complete
      FROM fresh GROUP BY month ORDER BY month
    LOOP
      rows := rows + piece.count;
      SELECT coalesce(last.seq, 0) + 1, clock_timestamp(), target, piece.complete, piece.through_tx, piece.through_id,
        piece.month, piece.count, piece.leaves, sha256(piece.leaves), NULL::bytea,
        here, below, (SELECT max(c.id) FROM kontor.changes AS c) INTO next;
      next.digest := kontor.seal_digest(last.digest, next);
      INSERT INTO kontor.seals SELECT next.*;
      last := next;
    END LOOP;
    sealed := sealed + rows;
    -- A batch that ended on its last row left its seal open: an empty one says so.
    IF rows = 0 AND goes_on THEN
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
