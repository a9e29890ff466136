-- What people do to effects and tasks (retry, cancel, pause, reset …) stands in the change log like any other change, with
-- who and why. What workers do is not steering: they name no actor. Only adds: a running application tolerates it.

CREATE FUNCTION kontor.record_steering() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
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
      changed, current_setting('kontor.actor', true),
      coalesce(nullif(current_setting('kontor.source', true), ''), 'sql'),
      nullif(current_setting('kontor.request_id', true), ''), nullif(current_setting('kontor.reason', true), ''));
  END IF;
  RETURN NULL;
END $$;
REVOKE ALL ON FUNCTION kontor.record_steering() FROM public;

CREATE TRIGGER effects_update_steering AFTER UPDATE ON kontor.effects FOR EACH ROW
  WHEN (coalesce(current_setting('kontor.actor', true), '') <> '')
  EXECUTE FUNCTION kontor.record_steering('id', 'status,run_at,max_attempts');

CREATE TRIGGER tasks_update_steering AFTER UPDATE ON kontor.tasks FOR EACH ROW
  WHEN (coalesce(current_setting('kontor.actor', true), '') <> '')
  EXECUTE FUNCTION kontor.record_steering('name', 'value,paused,run_requested,next_run_at,started_at');
