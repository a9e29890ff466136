-- Ephemeral records: rows of an unlogged (or, where they must survive a crash of the server, an ordinary) table that
-- vanish after inactivity or at the end of their lifetime.
-- Only adds: a running application tolerates it.

-- What expired and how that went, kept for a week: whoever comes back to such a record learns why it is gone. It says
-- nothing about the records' contents, and losing it in a crash costs only that answer.
CREATE UNLOGGED TABLE kontor.expiries (
  relation text NOT NULL,
  record_id text NOT NULL,
  expired_at timestamptz NOT NULL,
  reason text NOT NULL CHECK (reason IN ('inactivity', 'lifetime', 'evicted')),
  -- What a hook or callback said no with; the record went anyway.
  error text,
  PRIMARY KEY (relation, record_id)
);
CREATE INDEX expiries_expired_at ON kontor.expiries (expired_at);

-- Rows written by other programs: a new one gets the table's times, a write is activity, and what has expired but was
-- not swept yet is out of reach. The application states the times itself (its clock, and to the millisecond): it always
-- raises `revision` where it writes, and moves only times where it touches.
-- Arguments: seconds of inactivity, seconds of lifetime; empty for none.
CREATE FUNCTION kontor.stamp_ephemeral() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  inactivity interval := make_interval(secs => nullif(TG_ARGV[0], '')::float8);
  lifetime interval := make_interval(secs => nullif(TG_ARGV[1], '')::float8);
  moment timestamptz := clock_timestamp();
BEGIN
  IF TG_OP = 'INSERT' THEN
    IF new.expires_at IS NULL AND new.lives_until IS NULL THEN
      new.touched_at := moment;
      new.lives_until := moment + lifetime;
      new.expires_at := least(moment + inactivity, new.lives_until);
    END IF;
  ELSIF new.revision = old.revision AND new.touched_at = old.touched_at
    AND new.expires_at IS NOT DISTINCT FROM old.expires_at AND new.lives_until IS NOT DISTINCT FROM old.lives_until
  THEN
    IF old.expires_at <= moment THEN RETURN NULL; END IF;
    new.revision := old.revision + 1;
    new.touched_at := moment;
    new.expires_at := least(moment + inactivity, new.lives_until);
  END IF;
  RETURN new;
END $$;

-- Why the table cannot hold ephemeral records, or nothing.
CREATE FUNCTION kontor.ephemeral_obstacle(relation regclass, durable boolean, OUT message text, OUT hint text)
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  found text;
  kind "char" := (SELECT relkind FROM pg_class WHERE oid = relation);
BEGIN
  SELECT string_agg(n, ', ') INTO found FROM unnest(ARRAY['touched_at', 'lives_until', 'expires_at', 'revision']) AS n
  WHERE NOT EXISTS (SELECT FROM pg_attribute WHERE attrelid = relation AND attname = n AND NOT attisdropped);
  IF found IS NOT NULL THEN
    message := format('%s lacks the columns %s', relation, found);
    hint := 'Spread ephemeralColumns() into the table and migrate.';
  ELSIF kind = 'p' AND NOT durable THEN
    message := format('%s is partitioned, and Postgres keeps no partitioned table unlogged', relation);
    hint := 'Give the resource `durable: true`, or the table no partitions.';
  ELSIF NOT durable THEN
    SELECT string_agg(DISTINCT conrelid::regclass::text, ', ') INTO found FROM pg_constraint
    JOIN pg_class ON pg_class.oid = conrelid
    WHERE confrelid = relation AND contype = 'f' AND relpersistence = 'p' AND conrelid <> relation;
    IF found IS NOT NULL AND (SELECT relpersistence FROM pg_class WHERE oid = relation) = 'p' THEN
      message := format('%s refers to %s, and Postgres lets no permanent table refer to an unlogged one', found, relation);
      hint := 'Make it ephemeral too, drop the foreign key, or give the resource `durable: true`.';
    END IF;
  END IF;
END $$;

-- Whether the table is as `install_ephemeral` would leave it.
CREATE FUNCTION kontor.ephemeral_is_set_up(relation regclass, inactivity_s float8, lifetime_s float8, durable boolean, evicts boolean) RETURNS boolean
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
  SELECT (relkind = 'p' OR (relpersistence = 'u') <> durable)
    AND EXISTS (
      SELECT FROM pg_trigger WHERE tgrelid = relation AND tgname = 'kontor_stamp' AND tgenabled <> 'D'
        AND pg_get_triggerdef(oid) LIKE format('%%stamp_ephemeral(%L, %L)', coalesce(inactivity_s::text, ''), coalesce(lifetime_s::text, '')))
    AND NOT EXISTS (
      SELECT FROM unnest(CASE WHEN evicts THEN ARRAY['expires_at', 'touched_at'] ELSE ARRAY['expires_at'] END) AS wanted
      WHERE NOT EXISTS (
        SELECT FROM pg_index i JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0]
        WHERE i.indrelid = relation AND i.indisvalid AND i.indpred IS NULL AND a.attname = wanted))
  FROM pg_class WHERE oid = relation
$$;

-- Makes the table unlogged (or not, where `durable`), and keeps the times of its rows whoever writes them.
-- To be called by its owner. Changing between logged and unlogged rewrites the table under an exclusive lock.
CREATE FUNCTION kontor.install_ephemeral(relation regclass, inactivity_s float8, lifetime_s float8, durable boolean, evicts boolean) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  obstacle record;
  base text := (SELECT left(relname, 40) FROM pg_class WHERE oid = relation);
  wanted "char" := CASE WHEN durable THEN 'p' ELSE 'u' END;
  wanted_column text;
BEGIN
  SELECT * INTO obstacle FROM kontor.ephemeral_obstacle(relation, durable);
  IF obstacle.message IS NOT NULL THEN
    RAISE EXCEPTION '%', obstacle.message USING ERRCODE = 'invalid_table_definition', HINT = obstacle.hint;
  END IF;
  IF (SELECT relpersistence FROM pg_class WHERE oid = relation AND relkind = 'r') <> wanted THEN
    EXECUTE format('ALTER TABLE %s SET %s', relation, CASE WHEN durable THEN 'LOGGED' ELSE 'UNLOGGED' END);
  END IF;
  -- The sweep reads by one; where a number of records is the limit, the least active are found by the other.
  FOREACH wanted_column IN ARRAY CASE WHEN evicts THEN ARRAY['expires_at', 'touched_at'] ELSE ARRAY['expires_at'] END LOOP
    IF NOT EXISTS (
      SELECT FROM pg_index i JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0]
      WHERE i.indrelid = relation AND i.indisvalid AND i.indpred IS NULL AND a.attname = wanted_column
    ) THEN
      EXECUTE format('CREATE INDEX %I ON %s (%I)', base || '_kontor_' || wanted_column, relation, wanted_column);
    END IF;
  END LOOP;
  EXECUTE format('DROP TRIGGER IF EXISTS kontor_stamp ON %s', relation);
  EXECUTE format('CREATE TRIGGER kontor_stamp BEFORE INSERT OR UPDATE ON %s FOR EACH ROW EXECUTE FUNCTION kontor.stamp_ephemeral(%L, %L)',
    relation, coalesce(inactivity_s::text, ''), coalesce(lifetime_s::text, ''));
END $$;
