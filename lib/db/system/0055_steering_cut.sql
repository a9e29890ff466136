-- As in 0053, with what the transaction claims cut to what an index entry can hold: nonsense there must not keep anybody from
-- steering. Only adds: a running application tolerates it.

CREATE OR REPLACE FUNCTION kontor.record_steering() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp SET TimeZone = 'UTC' SET DateStyle = 'ISO, MDY' AS $$
DECLARE
  key_column text := TG_ARGV[0];
  steered text[] := string_to_array(TG_ARGV[1], ',');
  was jsonb := to_jsonb(old);
  is_now jsonb := to_jsonb(new);
  changed text[];
BEGIN
  -- Times are compared and kept as Postgres spells them, as everywhere in the log.
  IF TG_TABLE_NAME = 'effects' THEN
    was := was || jsonb_build_object('run_at', old.run_at::text);
    is_now := is_now || jsonb_build_object('run_at', new.run_at::text);
  ELSE
    was := was || jsonb_build_object('next_run_at', old.next_run_at::text, 'started_at', old.started_at::text);
    is_now := is_now || jsonb_build_object('next_run_at', new.next_run_at::text, 'started_at', new.started_at::text);
  END IF;
  changed := array(SELECT c FROM unnest(steered) c WHERE was->c IS DISTINCT FROM is_now->c);
  IF cardinality(changed) > 0 THEN
    INSERT INTO kontor.changes (relation, record_id, op, before, after, changed, actor, source, request_id, reason)
    VALUES ('kontor.' || TG_TABLE_NAME, is_now->>key_column, 'update',
      (SELECT jsonb_object_agg(c, CASE jsonb_typeof(was->c) WHEN 'null' THEN 'null' ELSE to_jsonb(was->>c) END) FROM unnest(changed) c),
      (SELECT jsonb_object_agg(c, CASE jsonb_typeof(is_now->c) WHEN 'null' THEN 'null' ELSE to_jsonb(is_now->>c) END) FROM unnest(changed) c),
      changed, left(current_setting('kontor.actor', true), 200),
      coalesce(left(nullif(current_setting('kontor.source', true), ''), 100), 'sql'),
      left(nullif(current_setting('kontor.request_id', true), ''), 200), left(nullif(current_setting('kontor.reason', true), ''), 2000));
  END IF;
  RETURN NULL;
END $$;
REVOKE ALL ON FUNCTION kontor.record_steering() FROM public;
