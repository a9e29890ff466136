-- Append-only tables: every update is a further version of an entry, every delete a tombstone. A companion table holds
-- the newest version of each living entry, kept by trigger: it is what reads, unique constraints and foreign keys use.
-- Only adds functions: a running application tolerates it.

CREATE FUNCTION kontor.refuse_append_only() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  RAISE EXCEPTION '%.% is append-only: % is not possible', TG_TABLE_SCHEMA, TG_TABLE_NAME, TG_OP
    USING ERRCODE = 'insufficient_privilege',
      HINT = 'Insert a further row with the same entry_id; with deleted = true it deletes the entry.';
END $$;

-- The functions of one table are written out for its columns, so that Postgres keeps their plans.
CREATE FUNCTION kontor.append_only_name(moment text, versions regclass) RETURNS text
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
  SELECT moment || '_' || left(regexp_replace(lower(relname), '[^a-z0-9_]', '_', 'g'), 36) || '_' || left(md5(relnamespace::regnamespace || '.' || relname), 10)
  FROM pg_class WHERE oid = versions
$$;

-- The columns a version is made of, in order: not those the database computes.
CREATE FUNCTION kontor.append_only_columns(relation regclass) RETURNS TABLE (name text, type text, identity text)
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
  SELECT attname, format_type(atttypid, atttypmod), attidentity::text FROM pg_attribute
  WHERE attrelid = relation AND attnum > 0 AND NOT attisdropped AND attgenerated = '' ORDER BY attnum
$$;

-- Why the two tables cannot be kept together, or nothing.
CREATE FUNCTION kontor.append_only_obstacle(versions regclass, companion regclass, OUT message text, OUT hint text)
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  needed text[] := ARRAY['entry_id', 'entry_version', 'deleted', 'inserted_at', 'version_at', 'version_by', 'version_source', 'version_reason'];
  found text;
BEGIN
  SELECT string_agg(DISTINCT n, ', ') INTO found FROM unnest(needed) AS n
  WHERE NOT EXISTS (SELECT FROM kontor.append_only_columns(versions) c WHERE c.name = n);
  IF found IS NOT NULL THEN
    message := format('%s lacks the columns %s', versions, found);
    hint := 'Spread appendOnlyColumns() into the table and migrate.';
    RETURN;
  END IF;
  IF companion IS NULL THEN
    message := format('the companion of %s is not in the database', versions);
    hint := 'It is a table of its own, with currentColumns(): run `npm run migrate`.';
    RETURN;
  END IF;
  SELECT string_agg(coalesce(v.name || ' ' || v.type, c.name || ' ' || c.type), ', ') INTO found
  FROM kontor.append_only_columns(versions) v FULL JOIN kontor.append_only_columns(companion) c USING (name, type)
  WHERE v.name IS NULL OR c.name IS NULL;
  IF found IS NOT NULL THEN
    message := format('%s and %s do not have the same columns: %s', versions, companion, found);
    hint := 'Both are declared with the same columns, one with appendOnlyColumns(), the other with currentColumns().';
    RETURN;
  END IF;
  SELECT string_agg(name, ', ') INTO found FROM kontor.append_only_columns(versions) WHERE identity <> '' AND name <> 'entry_id';
  IF found IS NOT NULL THEN
    message := format('%s numbers %s itself, which would count versions', versions, found);
    hint := 'Give the column a default of nextval() of a sequence instead.';
    RETURN;
  END IF;
  IF NOT EXISTS (
    SELECT FROM pg_index i WHERE i.indrelid = companion AND i.indisprimary AND i.indnatts = 1
      AND i.indkey[0] = (SELECT attnum FROM pg_attribute WHERE attrelid = companion AND attname = 'entry_id')
  ) THEN
    message := format('entry_id is not the primary key of %s', companion);
    hint := 'Spread currentColumns() into it and migrate.';
    RETURN;
  END IF;
  SELECT string_agg(x.indexrelid::regclass::text, ', ') INTO found FROM pg_index x
  WHERE x.indrelid = versions AND x.indisunique AND NOT EXISTS (
    SELECT FROM pg_attribute a WHERE a.attrelid = versions AND a.attname = 'entry_version' AND a.attnum = ANY (x.indkey::int2[]));
  IF found IS NOT NULL THEN
    message := format('a second version of an entry would violate %s on %s', found, versions);
    hint := format('Declare what is unique on %s, which holds the newest versions only.', companion);
    RETURN;
  END IF;
  SELECT string_agg(conname, ', ') INTO found FROM pg_constraint WHERE conrelid = versions AND contype = 'f' AND conparentid = 0;
  IF found IS NOT NULL THEN
    message := format('%s on %s would hold what old versions refer to for ever', found, versions);
    hint := format('Declare the foreign key on %s, which holds the newest versions only.', companion);
    RETURN;
  END IF;
  SELECT string_agg(conname, ', ') INTO found FROM pg_constraint
  WHERE conrelid = companion AND contype = 'f' AND conparentid = 0 AND (confdeltype NOT IN ('a', 'r') OR confupdtype NOT IN ('a', 'r'));
  IF found IS NOT NULL THEN
    message := format('%s would change or remove newest versions without a version that says so', found);
    hint := 'Declare it without ON DELETE or ON UPDATE; delete the entries in a hook instead.';
  END IF;
END $$;

-- Keeps `companion` from now on, and refuses every other write to both. Running it again brings the functions up to
-- date with the columns. To be called by the owner of both tables.
CREATE FUNCTION kontor.install_append_only(versions regclass, companion regclass) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $install$
DECLARE
  obstacle record;
  names text;
  values_of_new text;
  append_name text := kontor.append_only_name('append', versions);
  keep_name text := kontor.append_only_name('keep', versions);
  guard_name text := kontor.append_only_name('guard', versions);
BEGIN
  SELECT * INTO obstacle FROM kontor.append_only_obstacle(versions, companion);
  IF obstacle.message IS NOT NULL THEN
    RAISE EXCEPTION '%', obstacle.message USING ERRCODE = 'invalid_table_definition', HINT = obstacle.hint;
  END IF;
  -- Waits for writers: nobody appends between the comparison below and the first version that is kept.
  EXECUTE format('LOCK TABLE %s, %s IN SHARE ROW EXCLUSIVE MODE', versions, companion);
  SELECT string_agg(quote_ident(name), ', '), string_agg('new.' || quote_ident(name), ', ')
  INTO names, values_of_new FROM kontor.append_only_columns(versions);

  IF NOT EXISTS (SELECT FROM pg_index WHERE indrelid = versions AND indisprimary) THEN
    EXECUTE format('ALTER TABLE %s ADD PRIMARY KEY (entry_id, entry_version)', versions);
  END IF;

  EXECUTE format($create$
    CREATE OR REPLACE FUNCTION kontor.%I() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp AS $body$
    DECLARE
      newest record;
      next_version integer;
      moment timestamptz;
    BEGIN
      -- Writers of one entry queue here; two that bring one entry to life meet at the primary key.
      PERFORM FROM %s WHERE entry_id = new.entry_id FOR UPDATE;
      SELECT entry_version, deleted, inserted_at, version_at INTO newest
      FROM %s WHERE entry_id = new.entry_id ORDER BY entry_version DESC LIMIT 1;
      next_version := coalesce(newest.entry_version, 0) + 1;
      IF new.entry_version <> next_version THEN
        RAISE unique_violation USING MESSAGE = format('version %%s of entry %%s is not the next one: that is %%s', new.entry_version, new.entry_id, next_version),
          SCHEMA = TG_TABLE_SCHEMA, TABLE = TG_TABLE_NAME, COLUMN = 'entry_version';
      END IF;
      IF new.deleted AND coalesce(newest.deleted, true) THEN
        RAISE EXCEPTION 'entry %% of %%.%% does not exist (any more)', new.entry_id, TG_TABLE_SCHEMA, TG_TABLE_NAME;
      END IF;
      new.entry_version := next_version;
      -- Later than the version before even where the clock was set back: what was newest at a moment stays so.
      moment := greatest(clock_timestamp(), newest.version_at + interval '1 microsecond');
      new.inserted_at := coalesce(newest.inserted_at, moment);
      new.version_at := moment;
      new.version_by := coalesce(nullif(current_setting('kontor.actor', true), ''), session_user);
      new.version_source := coalesce(nullif(current_setting('kontor.source', true), ''), 'sql');
      new.version_reason := nullif(current_setting('kontor.reason', true), '');
      RETURN new;
    END $body$ $create$, append_name, companion, versions);

  EXECUTE format($create$
    CREATE OR REPLACE FUNCTION kontor.%I() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp AS $body$
    BEGIN
      -- Several versions of one entry in one statement: the last of them speaks.
      IF EXISTS (SELECT FROM %s WHERE entry_id = new.entry_id AND entry_version > new.entry_version) THEN
        RETURN NULL;
      ELSIF new.deleted THEN
        DELETE FROM %s WHERE entry_id = new.entry_id;
      ELSE
        UPDATE %3$s SET (%4$s) = ROW (%5$s) WHERE entry_id = new.entry_id;
        IF NOT FOUND THEN
          INSERT INTO %3$s (%4$s) VALUES (%5$s);
        END IF;
      END IF;
      RETURN NULL;
    END $body$ $create$, keep_name, versions, companion, names, values_of_new);

  -- Whatever is written must be what the newest version says: so only the trigger above can.
  EXECUTE format($create$
    CREATE OR REPLACE FUNCTION kontor.%I() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp AS $body$
    DECLARE
      newest record;
    BEGIN
      IF TG_OP = 'DELETE' THEN
        SELECT entry_version, deleted INTO newest FROM %s WHERE entry_id = old.entry_id ORDER BY entry_version DESC LIMIT 1;
        IF newest.deleted THEN RETURN old; END IF;
      ELSE
        SELECT entry_version, deleted INTO newest FROM %2$s WHERE entry_id = new.entry_id ORDER BY entry_version DESC LIMIT 1;
        IF new.entry_version = newest.entry_version AND NOT newest.deleted
          AND (TG_OP = 'INSERT' OR (new.entry_id = old.entry_id AND new.entry_version > old.entry_version))
        THEN RETURN new; END IF;
      END IF;
      RAISE EXCEPTION '%%.%% holds the newest versions of %%: %% is not possible here', TG_TABLE_SCHEMA, TG_TABLE_NAME, %3$L, TG_OP
        USING ERRCODE = 'insufficient_privilege', HINT = 'Insert a further version there; one with deleted = true removes the entry.';
    END $body$ $create$, guard_name, versions, versions::text);

  EXECUTE format('COMMENT ON FUNCTION kontor.%I() IS %L', keep_name, kontor.append_only_mark(versions));
  EXECUTE format('REVOKE ALL ON FUNCTION kontor.%I(), kontor.%I(), kontor.%I() FROM PUBLIC', append_name, keep_name, guard_name);
  PERFORM kontor.drop_append_only_triggers(versions, companion);
  -- Versions that stood there before (a restored dump, a table turned append-only) and are the newest of their entry.
  EXECUTE format('INSERT INTO %1$s (%2$s) SELECT %2$s FROM %3$s v WHERE NOT deleted
    AND NOT EXISTS (SELECT FROM %3$s n WHERE n.entry_id = v.entry_id AND n.entry_version > v.entry_version)
    AND NOT EXISTS (SELECT FROM %1$s c WHERE c.entry_id = v.entry_id)', companion, names, versions);
  EXECUTE format('CREATE TRIGGER kontor_append BEFORE INSERT ON %s FOR EACH ROW EXECUTE FUNCTION kontor.%I()', versions, append_name);
  EXECUTE format('CREATE TRIGGER kontor_keep AFTER INSERT ON %s FOR EACH ROW EXECUTE FUNCTION kontor.%I()', versions, keep_name);
  EXECUTE format('CREATE TRIGGER kontor_refuse BEFORE UPDATE OR DELETE OR TRUNCATE ON %s FOR EACH STATEMENT EXECUTE FUNCTION kontor.refuse_append_only()', versions);
  EXECUTE format('CREATE TRIGGER kontor_guard BEFORE INSERT OR UPDATE OR DELETE ON %s FOR EACH ROW EXECUTE FUNCTION kontor.%I()', companion, guard_name);
  EXECUTE format('CREATE TRIGGER kontor_refuse BEFORE TRUNCATE ON %s FOR EACH STATEMENT EXECUTE FUNCTION kontor.refuse_append_only()', companion);
END $install$;

CREATE FUNCTION kontor.drop_append_only_triggers(versions regclass, companion regclass) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  t record;
BEGIN
  FOR t IN SELECT tgname, tgrelid::regclass AS relation FROM pg_trigger
    WHERE tgrelid IN (versions, companion) AND tgname IN ('kontor_append', 'kontor_keep', 'kontor_refuse', 'kontor_guard')
  LOOP
    EXECUTE format('DROP TRIGGER %I ON %s', t.tgname, t.relation);
  END LOOP;
END $$;

-- What the functions were written from: the columns the table has, and the text that writes them.
CREATE FUNCTION kontor.append_only_mark(versions regclass) RETURNS text
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
  SELECT 'from ' || md5(string_agg(quote_ident(name), ', ') || (SELECT prosrc FROM pg_proc WHERE oid = 'kontor.install_append_only'::regproc))
  FROM kontor.append_only_columns(versions)
$$;

-- Whether everything stands, and as it would be written today.
CREATE FUNCTION kontor.append_only_is_set_up(versions regclass, companion regclass) RETURNS boolean
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
  SELECT coalesce(count(*) = 5 AND bool_and(tgenabled <> 'D' AND (tgname <> 'kontor_keep' OR obj_description(tgfoid, 'pg_proc') = kontor.append_only_mark(versions))), false)
  FROM pg_trigger WHERE (tgrelid = versions AND tgname IN ('kontor_append', 'kontor_keep', 'kontor_refuse'))
    OR (tgrelid = companion AND tgname IN ('kontor_guard', 'kontor_refuse'))
$$;
