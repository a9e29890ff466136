-- The steady reading of a feed: it counts before it builds anything, so that a process pays for changes it does not follow
-- by little more than an index entry each. Only adds: a running application tolerates it.

-- What a snapshot with this xmax and these open transactions did not show, up to `present_xmax`. Without settings of its own,
-- so that it becomes part of the statement that asks.
CREATE FUNCTION kontor.changes_since(known_xmax xid8, known_xip xid8[], floor bigint, present_xmax xid8)
RETURNS SETOF kontor.changes LANGUAGE sql STABLE AS $$
  SELECT c.* FROM kontor.changes AS c WHERE c.tx >= known_xmax AND c.tx < present_xmax AND c.id > floor
  UNION ALL
  SELECT c.* FROM kontor.changes AS c WHERE c.tx = ANY (known_xip)
$$;
REVOKE ALL ON FUNCTION kontor.changes_since(xid8, xid8[], bigint, xid8) FROM PUBLIC;

-- kontor.read_changes for the reader called `reader`, whose last reading gave this xmax and these open transactions. A session
-- it has read in before has lived since, and its server with it: the server neither crashed, which may give a transaction id
-- away twice, nor became another one. So it is not asked for either, and `system` is NULL; in any other session
-- kontor.read_changes answers. STABLE although it leaves that mark: its snapshot is that of the statement that calls it.
CREATE FUNCTION kontor.read_on(
  reader text, known_xmax xid8, known_xip xid8[], floor bigint, newest bigint, most int, most_bytes bigint, each text[], few int,
  OUT snapshot text, OUT system text, OUT unread_rows int, OUT last_id text, OUT changes json, OUT many json
) LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp SET plan_cache_mode = 'force_generic_plan' SET enable_seqscan = off AS $$
DECLARE
  present_xmax xid8 := pg_snapshot_xmax(pg_current_snapshot());
  told text[];
  told_rows bigint;
  told_bytes bigint;
BEGIN
  IF current_setting('kontor.reader', true) IS DISTINCT FROM reader THEN
    PERFORM set_config('kontor.reader', reader, false);
    SELECT r.* INTO snapshot, system, unread_rows, last_id, changes, many
      FROM kontor.read_changes(known_xmax, known_xip, floor, newest, NULL, most, most_bytes, each, few) AS r;
    RETURN;
  END IF;
  snapshot := pg_current_snapshot();
  WITH unread AS (
    SELECT c.relation, c.id,
      -- What is stored small is small, what is stored large may be compressed.
      CASE WHEN coalesce(pg_column_size(c.before), 0) < 2000 THEN coalesce(pg_column_size(c.before), 0) ELSE octet_length(c.before::text) END
      + CASE WHEN coalesce(pg_column_size(c.after), 0) < 2000 THEN coalesce(pg_column_size(c.after), 0) ELSE octet_length(c.after::text) END
      AS bytes
    FROM kontor.changes_since(known_xmax, known_xip, floor, present_xmax) AS c LIMIT most + 1
  ), kinds AS (
    SELECT c.relation, count(*) AS number, sum(c.bytes) AS bytes, max(c.id) AS last_id,
      each IS NULL OR c.relation = ANY (each) OR count(*) <= few AS is_told
    FROM unread AS c GROUP BY c.relation
  )
  SELECT coalesce(sum(k.number), 0), max(k.last_id)::text, array_agg(k.relation) FILTER (WHERE k.is_told),
    sum(k.number) FILTER (WHERE k.is_told), sum(k.bytes) FILTER (WHERE k.is_told),
    json_agg(json_build_object('relation', k.relation, 'count', k.number)) FILTER (WHERE NOT k.is_told)
  INTO unread_rows, last_id, told, told_rows, told_bytes, many FROM kinds AS k;
  IF unread_rows > most OR (told_bytes > most_bytes AND told_rows > 1) THEN
    many := NULL;
  ELSIF told IS NOT NULL THEN
    SELECT json_agg(json_build_array(c.id::text, c.at::text, c.tx::text, c.relation, c.record_id, c.op, c.before, c.after,
      c.changed, c.actor, c.db_user, c.source, c.request_id, c.reason))
    INTO changes FROM (
      SELECT c.* FROM kontor.changes_since(known_xmax, known_xip, floor, present_xmax) AS c
      WHERE c.relation = ANY (told) ORDER BY c.id
    ) AS c;
  END IF;
END $$;
REVOKE ALL ON FUNCTION kontor.read_on(text, xid8, xid8[], bigint, bigint, int, bigint, text[], int) FROM PUBLIC;
