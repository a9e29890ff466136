-- Whoever may use a trigger function can put it on a table of their own, and have it read rows that they made as its owner:
-- casts of their own types then run with the log's rights. Only adds: a running application tolerates it.
REVOKE ALL ON FUNCTION kontor.log_upkeep() FROM PUBLIC;

-- As in 0021, without virtual generated columns: nothing is stored in them, and no trigger may read them.
CREATE OR REPLACE FUNCTION kontor.present_row(relid oid, alias text, known text[], secret text[], cap int) RETURNS text LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp AS $$
  WITH present AS (
    SELECT attname::text AS name, attnum FROM pg_attribute
    WHERE attrelid = relid AND attnum > 0 AND NOT attisdropped AND attgenerated <> 'v'
  ), logged AS (
    SELECT name, attnum FROM present
    WHERE name <> ALL (secret) AND (name = ANY (known) OR NOT EXISTS (SELECT unnest(secret) EXCEPT SELECT name FROM present))
  )
  SELECT coalesce(string_agg(format('jsonb_build_object(%L, kontor.log_text((%s.%I)::text, %s))', name, alias, name, cap), ' || '
    ORDER BY attnum), '''{}''::jsonb') FROM logged
$$;

-- The record's id in `source`, a row as JSON, as SQL: by the numbers of the key's columns, which keep them when they are renamed.
CREATE FUNCTION kontor.present_key(relid oid, source text, numbers int2[]) RETURNS text LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp AS $$
  SELECT coalesce(CASE WHEN bool_or(a.attname IS NULL) THEN NULL
    WHEN count(*) = 1 THEN min(format('%s ->> %L', source, a.attname))
    ELSE string_agg(format('replace(replace(%s ->> %L, chr(92), chr(92) || chr(92)), '','', chr(92) || '','')', source, a.attname),
      ' || '','' || ' ORDER BY n.place) END, 'NULL::text')
  FROM unnest(numbers) WITH ORDINALITY AS n(number, place)
  LEFT JOIN pg_attribute AS a ON a.attrelid = relid AND a.attnum = n.number AND NOT a.attisdropped
$$;
