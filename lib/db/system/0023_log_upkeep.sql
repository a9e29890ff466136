-- What the owner may do to the log, each deed a row of its own that enters the log and is sealed like any change.
-- Only adds: a running application tolerates it.

-- Values taken out of one change at a person's request: verification accepts the new digest because of this row.
CREATE TABLE kontor.erasures (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  at timestamptz NOT NULL DEFAULT clock_timestamp(),
  change_id bigint NOT NULL,
  old_digest bytea NOT NULL,
  new_digest bytea NOT NULL,
  actor text NOT NULL,
  db_user text NOT NULL DEFAULT session_user,
  reason text NOT NULL CHECK (reason <> '')
);
CREATE INDEX erasures_change ON kontor.erasures (change_id);

-- Retention, repair and erasure commands.
CREATE TABLE kontor.upkeep (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  at timestamptz NOT NULL DEFAULT clock_timestamp(),
  kind text NOT NULL CHECK (kind IN ('retention', 'repair', 'erasure')),
  actor text NOT NULL,
  db_user text NOT NULL DEFAULT session_user,
  reason text,
  details jsonb NOT NULL DEFAULT '{}'
);

CREATE FUNCTION kontor.log_upkeep() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp SET TimeZone = 'UTC' SET DateStyle = 'ISO, MDY' SET bytea_output = 'hex' AS $$
BEGIN
  INSERT INTO kontor.changes (relation, record_id, op, after, actor, source, reason)
  VALUES (format('%s.%s', TG_TABLE_SCHEMA, TG_TABLE_NAME), NEW.id::text, 'insert',
    to_jsonb(NEW) || jsonb_build_object('at', NEW.at::text), NEW.actor, 'history', NEW.reason);
  RETURN NULL;
END $$;

CREATE TRIGGER erasures_insert_log AFTER INSERT ON kontor.erasures FOR EACH ROW EXECUTE FUNCTION kontor.log_upkeep();
CREATE TRIGGER erasures_change_keep BEFORE UPDATE OR DELETE ON kontor.erasures
  FOR EACH ROW EXECUTE FUNCTION kontor.keep_history();
CREATE TRIGGER erasures_truncate_keep BEFORE TRUNCATE ON kontor.erasures
  FOR EACH STATEMENT EXECUTE FUNCTION kontor.keep_history();

CREATE TRIGGER upkeep_insert_log AFTER INSERT ON kontor.upkeep FOR EACH ROW EXECUTE FUNCTION kontor.log_upkeep();
CREATE TRIGGER upkeep_change_keep BEFORE UPDATE OR DELETE ON kontor.upkeep
  FOR EACH ROW EXECUTE FUNCTION kontor.keep_history();
CREATE TRIGGER upkeep_truncate_keep BEFORE TRUNCATE ON kontor.upkeep
  FOR EACH STATEMENT EXECUTE FUNCTION kontor.keep_history();
