-- Nobody can be in two shifts at once. Needs the btree_gist extension; a server without it goes without the rule.
-- A running application tolerates it: a shift that overlaps is refused from then on.
DO $$
BEGIN
  CREATE EXTENSION IF NOT EXISTS btree_gist;
  EXECUTE format('ALTER TABLE staff.shifts ADD CONSTRAINT shifts_no_overlap
    EXCLUDE USING gist (employee_id %I.gist_int4_ops WITH =, during WITH &&)',
    (SELECT nspname FROM pg_extension JOIN pg_namespace ON pg_namespace.oid = extnamespace WHERE extname = 'btree_gist'));
EXCEPTION WHEN undefined_file OR insufficient_privilege OR feature_not_supported THEN
  RAISE NOTICE 'btree_gist is not available: overlapping shifts will not be refused (%)', SQLERRM;
END $$;
