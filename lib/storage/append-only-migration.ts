/*
 * Turning an existing table into an append-only one, and back: text for a migration of the deployer's own
 * (`drizzle-kit generate --custom`), which needs nothing of schema kontor. `npm run migrate -- --tables` sets up the
 * triggers afterwards; until then a write of a version fails, because nothing fills in its columns.
 */

export interface AppendOnlyMigration {
  /** Default 'public'. */
  schema?: string
  /** The table; its companion is called `<table>_current`. */
  table: string
  /** The single column of its primary key (of type uuid, integer, bigint or text). Default 'id'. */
  key?: string
  /** A column that already holds when a record was created, for `inserted_at`. Default: the moment of the migration. */
  insertedAt?: string
}

/**
 * The table itself becomes the companion, so that its keys, indexes, foreign keys and those that point at it stay; a new
 * table takes its name and begins with one version of each record. Afterwards the key is called `entry_id`.
 */
export function appendOnlyMigration({ schema = 'public', table, key = 'id', insertedAt }: AppendOnlyMigration): string {
  return inBlock(
    `
  versions text := ${literal(qualified(schema, table))};
  companion text := ${literal(qualified(schema, `${table}_current`))};
  names text;
  key_type text;
`,
    `
  EXECUTE format('ALTER TABLE %s RENAME TO %I', versions, ${literal(`${table}_current`)});
  IF ${literal(key)} <> 'entry_id' THEN
    EXECUTE format('ALTER TABLE %s RENAME COLUMN %I TO entry_id', companion, ${literal(key)});
  END IF;
  EXECUTE format('ALTER TABLE %s ALTER COLUMN entry_id DROP IDENTITY IF EXISTS', companion);
  EXECUTE format('ALTER TABLE %s ALTER COLUMN entry_id DROP DEFAULT', companion);
  EXECUTE format('ALTER TABLE %s
    ADD COLUMN entry_version integer NOT NULL DEFAULT 1,
    ADD COLUMN deleted boolean NOT NULL DEFAULT false,
    ADD COLUMN inserted_at timestamptz NOT NULL DEFAULT now(),
    ADD COLUMN version_at timestamptz NOT NULL DEFAULT now(),
    ADD COLUMN version_by text NOT NULL DEFAULT session_user,
    ADD COLUMN version_source text NOT NULL DEFAULT ''migration'',
    ADD COLUMN version_reason text', companion);
${
  insertedAt === undefined
    ? ''
    : `  -- Rewritten rather than updated: this is no change of the records.
  EXECUTE format('ALTER TABLE %s ALTER COLUMN inserted_at TYPE timestamptz USING coalesce(%I::timestamptz, inserted_at)', companion, ${literal(insertedAt)});
`
}  EXECUTE format('ALTER TABLE %s ALTER COLUMN entry_version DROP DEFAULT, ALTER COLUMN inserted_at DROP DEFAULT,
    ALTER COLUMN version_at DROP DEFAULT, ALTER COLUMN version_by DROP DEFAULT, ALTER COLUMN version_source DROP DEFAULT', companion);
  EXECUTE format('CREATE TABLE %s (LIKE %s INCLUDING DEFAULTS INCLUDING GENERATED INCLUDING STORAGE INCLUDING COMMENTS)', versions, companion);
  SELECT string_agg(quote_ident(attname), ', ') INTO names FROM pg_attribute
  WHERE attrelid = companion::regclass AND attnum > 0 AND NOT attisdropped AND attgenerated = '';
  EXECUTE format('INSERT INTO %s (%s) SELECT %2$s FROM %3$s', versions, names, companion);
${entryDefault('versions', 'versions')}`,
  )
}

/**
 * The companion becomes the table again, with what referred to it, and the key is called `key` again. All versions stay
 * in `<table>_versions`, an ordinary table that nothing needs any more.
 */
export function ordinaryTableMigration({
  schema = 'public',
  table,
  key = 'id',
  insertedAt,
}: AppendOnlyMigration): string {
  return inBlock(
    `
  plain text := ${literal(qualified(schema, table))};
  companion text := ${literal(qualified(schema, `${table}_current`))};
  archive text := ${literal(qualified(schema, `${table}_versions`))};
  found record;
  key_type text;
`,
    `
  FOR found IN SELECT tgname, tgrelid::regclass AS relation FROM pg_trigger WHERE tgrelid IN (plain::regclass, companion::regclass)
    AND tgname IN ('kontor_append', 'kontor_keep', 'kontor_refuse', 'kontor_guard')
  LOOP
    EXECUTE format('DROP TRIGGER %I ON %s', found.tgname, found.relation);
  END LOOP;
  EXECUTE format('ALTER TABLE %s RENAME TO %I', plain, ${literal(`${table}_versions`)});
  EXECUTE format('ALTER TABLE %s RENAME TO %I', companion, ${literal(table)});
${
  insertedAt === undefined
    ? ''
    : `  IF NOT EXISTS (SELECT FROM pg_attribute WHERE attrelid = plain::regclass AND attname = ${literal(insertedAt)} AND NOT attisdropped) THEN
    EXECUTE format('ALTER TABLE %s RENAME COLUMN inserted_at TO %I', plain, ${literal(insertedAt)});
  END IF;
`
}  EXECUTE format('ALTER TABLE %s DROP COLUMN entry_version, DROP COLUMN deleted, DROP COLUMN IF EXISTS inserted_at,
    DROP COLUMN version_at, DROP COLUMN version_by, DROP COLUMN version_source, DROP COLUMN version_reason', plain);
${entryDefault('plain', 'archive')}  IF ${literal(key)} <> 'entry_id' THEN
    EXECUTE format('ALTER TABLE %s RENAME COLUMN entry_id TO %I', plain, ${literal(key)});
  END IF;
`,
  )
}

/** What gives new records their key; numbers go on behind the highest one there ever was. */
const entryDefault = (
  relation: string,
  among: string,
) => `  SELECT format_type(atttypid, atttypmod) INTO key_type FROM pg_attribute
  WHERE attrelid = ${relation}::regclass AND attname = 'entry_id';
  IF key_type = 'uuid' THEN
    EXECUTE format('ALTER TABLE %s ALTER COLUMN entry_id SET DEFAULT gen_random_uuid()', ${relation});
  ELSIF key_type IN ('integer', 'bigint') THEN
    EXECUTE format('ALTER TABLE %s ALTER COLUMN entry_id ADD GENERATED BY DEFAULT AS IDENTITY', ${relation});
    EXECUTE format('SELECT setval(pg_get_serial_sequence(%L, ''entry_id''), coalesce(max(entry_id), 0) + 1, false) FROM %s', ${relation}, ${among});
  END IF;
`

const inBlock = (declarations: string, body: string) => `DO $migration$
DECLARE${declarations}BEGIN${body}END $migration$;
`

const quoted = (name: string) => `"${name.replaceAll('"', '""')}"`
const qualified = (schema: string, name: string) => `${quoted(schema)}.${quoted(name)}`
const literal = (text: string) => `'${text.replaceAll("'", "''")}'`
