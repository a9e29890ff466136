-- What the tables' log triggers share: how a value enters the log, and how a table whose columns have changed since its
-- triggers were installed is logged all the same. Only adds: a running application tolerates it.

-- A value's Postgres text as JSON; above `cap` bytes only its size and digest, so that no value is too large to log.
CREATE FUNCTION kontor.log_text(value text, cap int) RETURNS jsonb LANGUAGE plpgsql IMMUTABLE STRICT
SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF octet_length(value) <= cap THEN
    RETURN to_jsonb(value);
  END IF;
  RETURN jsonb_build_object('size', octet_length(value), 'sha256', encode(sha256(convert_to(value, 'UTF8')), 'hex'));
END $$;

-- Bytes are measured as bytes, not as their text, which is twice as long.
CREATE FUNCTION kontor.log_bytes(value bytea, cap int) RETURNS jsonb LANGUAGE plpgsql IMMUTABLE STRICT
SET search_path = pg_catalog, pg_temp SET bytea_output = 'hex' AS $$
BEGIN
  IF octet_length(value) <= cap THEN
    RETURN to_jsonb(value::text);
  END IF;
  RETURN jsonb_build_object('size', octet_length(value), 'sha256', encode(sha256(value), 'hex'));
END $$;

-- The pairs of `mine` whose value in `other` is another one.
CREATE FUNCTION kontor.json_difference(mine jsonb, other jsonb) RETURNS jsonb LANGUAGE sql IMMUTABLE
SET search_path = pg_catalog, pg_temp AS $$
  SELECT coalesce(jsonb_object_agg(m.key, m.value), '{}') FROM jsonb_each(mine) AS m WHERE m.value IS DISTINCT FROM other -> m.key
$$;

-- A row of the table as it is today, as an SQL expression over `alias`: every column as text. Used when the installed
-- trigger no longer fits its table. A secret column that is gone may have got another name: then only columns known by
-- name are logged.
CREATE FUNCTION kontor.present_row(relid oid, alias text, known text[], secret text[], cap int) RETURNS text LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp AS $$
  WITH present AS (
    SELECT attname::text AS name, attnum FROM pg_attribute WHERE attrelid = relid AND attnum > 0 AND NOT attisdropped
  ), logged AS (
    SELECT name, attnum FROM present
    WHERE name <> ALL (secret) AND (name = ANY (known) OR NOT EXISTS (SELECT unnest(secret) EXCEPT SELECT name FROM present))
  )
  SELECT coalesce(string_agg(format('jsonb_build_object(%L, kontor.log_text((%s.%I)::text, %s))', name, alias, name, cap), ' || '
    ORDER BY attnum), '''{}''::jsonb') FROM logged
$$;

-- Merges objects, later ones over earlier ones. Fed from the newest change to the oldest, the `before`s of a record's
-- changes become its columns as they were before the oldest.
CREATE AGGREGATE kontor.merge_objects(jsonb) (SFUNC = jsonb_concat, STYPE = jsonb, INITCOND = '{}');

-- The parts of a composite key's record_id.
CREATE FUNCTION kontor.record_key(record_id text) RETURNS text[] LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
  SELECT CASE WHEN strpos(record_id, '\') = 0 THEN string_to_array(record_id, ',')
    ELSE ARRAY(
      SELECT regexp_replace(part[1], '\\(.)', '\1', 'g')
      FROM regexp_matches(record_id || ',', '((?:[^\\,]|\\.)*),', 'g') AS part
    ) END
$$;

-- What the transaction's setting kontor.undoes says of one table: {"public.products": {"17": "5,6"}} means that the next
-- change of record 17 undoes the changes 5 and 6. Nonsense says nothing, for anybody may set it.
CREATE FUNCTION kontor.undoes_in(relation text) RETURNS jsonb LANGUAGE plpgsql STABLE STRICT
SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  said jsonb;
BEGIN
  said := current_setting('kontor.undoes', true)::jsonb -> relation;
  RETURN CASE WHEN jsonb_typeof(said) = 'object' THEN said END;
EXCEPTION WHEN data_exception OR program_limit_exceeded OR statement_too_complex THEN
  RETURN NULL;
END $$;

CREATE FUNCTION kontor.undone_ids(said jsonb, record_id text) RETURNS bigint[] LANGUAGE sql IMMUTABLE STRICT
SET search_path = pg_catalog, pg_temp AS $$
  SELECT CASE WHEN said ->> record_id ~ '^[0-9]{1,18}(,[0-9]{1,18})*$' THEN string_to_array(said ->> record_id, ',')::bigint[] END
$$;

-- The output settings under which a value's text depends on nobody's session, for as long as the rows of a table that
-- changed since its function was written are put down; `unpin_output` takes back what this returns.
CREATE FUNCTION kontor.pin_output() RETURNS text[] LANGUAGE plpgsql AS $$
DECLARE
  found text[] := ARRAY[current_setting('TimeZone'), current_setting('DateStyle'), current_setting('IntervalStyle'),
    current_setting('extra_float_digits'), current_setting('bytea_output'), current_setting('lc_monetary')];
BEGIN
  PERFORM kontor.unpin_output(ARRAY['UTC', 'ISO, MDY', 'postgres', '1', 'hex', 'C']);
  RETURN found;
END $$;

CREATE FUNCTION kontor.unpin_output(settings text[]) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  PERFORM set_config('TimeZone', settings[1], true), set_config('DateStyle', settings[2], true),
    set_config('IntervalStyle', settings[3], true), set_config('extra_float_digits', settings[4], true),
    set_config('bytea_output', settings[5], true), set_config('lc_monetary', settings[6], true);
END $$;
