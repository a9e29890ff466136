-- A reader's floor for open transactions too: a row that came along from another cluster may bear the number of one that is open
-- here, and would be told for as long as that one is. A running application tolerates it: its floors are where its cursors
-- were made, so it only misses what a transaction that was open then had written already.

-- As in 0031.
CREATE OR REPLACE FUNCTION kontor.unread_changes(
  known_xmax xid8, known_xip xid8[], floor bigint, newest bigint, up_to pg_snapshot, most int
) RETURNS SETOF kontor.changes LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp SET plan_cache_mode = 'force_generic_plan' SET enable_seqscan = off AS $$
BEGIN
  RETURN QUERY SELECT c.* FROM kontor.changes AS c
    WHERE c.tx >= known_xmax AND c.tx < pg_snapshot_xmax(pg_current_snapshot()) AND c.id > floor
      AND (up_to IS NULL OR pg_visible_in_snapshot(c.tx, up_to))
    LIMIT most;
  IF cardinality(known_xip) > 0 THEN
    RETURN QUERY SELECT c.* FROM kontor.changes AS c
      WHERE c.tx = ANY (known_xip) AND c.id > floor AND (up_to IS NULL OR pg_visible_in_snapshot(c.tx, up_to))
      LIMIT most;
  END IF;
  IF up_to IS NULL THEN
    RETURN QUERY SELECT c.* FROM kontor.changes AS c
      WHERE c.id > newest AND c.tx <> ALL (known_xip)
        AND NOT (c.tx >= known_xmax AND c.tx < pg_snapshot_xmax(pg_current_snapshot()))
      LIMIT most;
  END IF;
END $$;

-- As in 0033.
CREATE OR REPLACE FUNCTION kontor.changes_since(known_xmax xid8, known_xip xid8[], floor bigint, present_xmax xid8)
RETURNS SETOF kontor.changes LANGUAGE sql STABLE AS $$
  SELECT c.* FROM kontor.changes AS c WHERE c.tx >= known_xmax AND c.tx < present_xmax AND c.id > floor
  UNION ALL
  SELECT c.* FROM kontor.changes AS c WHERE c.tx = ANY (known_xip) AND c.id > floor
$$;
