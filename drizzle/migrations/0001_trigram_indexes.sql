-- So that searching within a text uses an index. A server without the pg_trgm extension, or a role that may not
-- create it, goes without: search then reads the table. A running application tolerates it.
DO $$
BEGIN
  CREATE EXTENSION IF NOT EXISTS pg_trgm;
EXCEPTION WHEN undefined_file OR insufficient_privilege OR feature_not_supported THEN
  RAISE NOTICE 'pg_trgm is not available: searching will not use an index (%)', SQLERRM;
  RETURN;
END $$;
--> statement-breakpoint
DO $$
DECLARE
  target record;
  operators text := (
    SELECT quote_ident(nspname) || '.gin_trgm_ops'
    FROM pg_extension JOIN pg_namespace ON pg_namespace.oid = extnamespace WHERE extname = 'pg_trgm');
BEGIN
  IF operators IS NULL THEN RETURN; END IF;
  FOR target IN
    SELECT * FROM (VALUES
      ('blog', 'posts', 'title'), ('blog', 'posts', 'excerpt'), ('blog', 'comments', 'body'),
      ('blog', 'comments', 'author_name'),
      ('catalogue', 'products', 'name'), ('catalogue', 'products', 'sku'), ('catalogue', 'categories', 'name'),
      ('shop', 'customers', 'name'), ('shop', 'customers', 'email'), ('shop', 'customers', 'phone'),
      ('shop', 'addresses', 'street'), ('shop', 'orders', 'note')
    ) AS list (schema_name, table_name, column_name)
  LOOP
    EXECUTE format('CREATE INDEX %I ON %I.%I USING gin (%I %s)',
      target.table_name || '_' || target.column_name || '_trgm',
      target.schema_name, target.table_name, target.column_name, operators);
  END LOOP;
END $$;
