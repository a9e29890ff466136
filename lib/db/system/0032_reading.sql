-- One reading of the feed as one row: a process under load reads ten thousand changes a second, and a row each costs both
-- sides more than one JSON text. Only adds: a running application tolerates it.

-- What a reader has not seen yet (kontor.unread_changes). All changes of the relations in `each` (NULL: of every one) and of
-- those with at most `few`; the others only as numbers. `changes` is NULL where there is more than `most` or `most_bytes` of
-- values: the reader then asks for less. A function, so that its plan is made once; STABLE: its snapshot is that of the
-- statement that calls it, and all of it is seen by that one.
CREATE FUNCTION kontor.read_changes(
  known_xmax xid8, known_xip xid8[], floor bigint, newest bigint, up_to pg_snapshot, most int, most_bytes bigint, each text[], few int,
  OUT snapshot text, OUT system text, OUT unread_rows int, OUT last_id text, OUT changes json, OUT many json
) LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp SET plan_cache_mode = 'force_generic_plan' AS $$
BEGIN
  snapshot := pg_current_snapshot();
  SELECT system_identifier INTO system FROM pg_control_system();
  WITH unread AS MATERIALIZED (
    SELECT c.*,
      -- What is stored small is small, what is stored large may be compressed.
      CASE WHEN coalesce(pg_column_size(c.before), 0) < 2000 THEN coalesce(pg_column_size(c.before), 0) ELSE octet_length(c.before::text) END
      + CASE WHEN coalesce(pg_column_size(c.after), 0) < 2000 THEN coalesce(pg_column_size(c.after), 0) ELSE octet_length(c.after::text) END
      AS bytes
    FROM kontor.unread_changes(known_xmax, known_xip, floor, newest, up_to, most + 1) AS c
  ), kinds AS MATERIALIZED (
    SELECT c.relation, count(*) AS number, sum(c.bytes) AS bytes, max(c.id) AS last_id,
      each IS NULL OR c.relation = ANY (each) OR count(*) <= few AS is_told
    FROM unread AS c GROUP BY c.relation
  ), totals AS MATERIALIZED (
    SELECT coalesce(sum(k.number), 0) AS number, max(k.last_id) AS last_id, count(*) FILTER (WHERE NOT k.is_told) AS counted,
      coalesce(sum(k.number), 0) <= most
        AND (coalesce(sum(k.bytes) FILTER (WHERE k.is_told), 0) <= most_bytes OR sum(k.number) FILTER (WHERE k.is_told) = 1) AS fits
    FROM kinds AS k
  )
  SELECT t.number, t.last_id::text,
    CASE WHEN t.number > 0 AND t.fits THEN (
      SELECT json_agg(json_build_array(c.id::text, c.at::text, c.tx::text, c.relation, c.record_id, c.op, c.before, c.after,
        c.changed, c.actor, c.db_user, c.source, c.request_id, c.reason) ORDER BY c.id)
      FROM unread AS c WHERE c.relation IN (SELECT k.relation FROM kinds AS k WHERE k.is_told)
    ) END,
    CASE WHEN t.counted > 0 AND t.fits THEN (
      SELECT json_agg(json_build_object('relation', k.relation, 'count', k.number)) FROM kinds AS k WHERE NOT k.is_told
    ) END
  INTO unread_rows, last_id, changes, many FROM totals AS t;
END $$;
REVOKE ALL ON FUNCTION kontor.read_changes(xid8, xid8[], bigint, bigint, pg_snapshot, int, bigint, text[], int) FROM PUBLIC;
