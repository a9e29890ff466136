-- What the feed reads many times a second. A function, so that its plan is made once: planning the way through every month
-- costs more than reading. Only adds: a running application tolerates it.

-- The changes that a reader whose snapshot had this xmax and these open transactions has not seen yet, at most `most` of each
-- range: transactions begun since, those that were open then, and what is newer than anything read and in neither, whose
-- transaction id a crash gave away twice. STABLE: all of it is seen by the snapshot of the statement that calls it.
CREATE FUNCTION kontor.unread_changes(known_xmax xid8, known_xip xid8[], floor bigint, newest bigint, up_to pg_snapshot, most int)
RETURNS SETOF kontor.changes LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp SET plan_cache_mode = 'force_generic_plan' SET enable_seqscan = off AS $$
BEGIN
  RETURN QUERY SELECT c.* FROM kontor.changes AS c
    WHERE c.tx >= known_xmax AND c.tx < pg_snapshot_xmax(pg_current_snapshot()) AND c.id > floor
      AND (up_to IS NULL OR pg_visible_in_snapshot(c.tx, up_to))
    LIMIT most;
  IF cardinality(known_xip) > 0 THEN
    RETURN QUERY SELECT c.* FROM kontor.changes AS c
      WHERE c.tx = ANY (known_xip) AND (up_to IS NULL OR pg_visible_in_snapshot(c.tx, up_to))
      LIMIT most;
  END IF;
  IF up_to IS NULL THEN
    RETURN QUERY SELECT c.* FROM kontor.changes AS c
      WHERE c.id > newest AND c.tx <> ALL (known_xip)
        AND NOT (c.tx >= known_xmax AND c.tx < pg_snapshot_xmax(pg_current_snapshot()))
      LIMIT most;
  END IF;
END $$;
REVOKE ALL ON FUNCTION kontor.unread_changes(xid8, xid8[], bigint, bigint, pg_snapshot, int) FROM PUBLIC;
