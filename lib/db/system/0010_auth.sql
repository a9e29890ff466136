-- Sign-in: people, their sessions, one-time links and codes, and counters against guessing.
-- Only new tables: a running application does not notice.

CREATE TABLE kontor.users (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  email text NOT NULL,
  name text NOT NULL,
  role text NOT NULL,
  status text NOT NULL DEFAULT 'active',
  -- argon2id in PHC form; null until the person has chosen a password.
  password_hash text,
  password_changed_at timestamptz,
  locale text,
  time_zone text,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now(),
  -- When this person last signed in; how fresh each session is stands in kontor.sessions.
  last_seen_at timestamptz,
  CONSTRAINT users_email_format CHECK (email ~ '^[^[:space:]@]+@[^[:space:]@]+$' AND length(email) <= 254),
  CONSTRAINT users_name_length CHECK (length(btrim(name)) BETWEEN 1 AND 200),
  CONSTRAINT users_role_length CHECK (length(role) BETWEEN 1 AND 63),
  CONSTRAINT users_status_known CHECK (status IN ('active', 'disabled'))
);
-- One account per address however it is spelled, without needing the citext extension.
CREATE UNIQUE INDEX users_email_key ON kontor.users (lower(email));

CREATE TABLE kontor.sessions (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  user_id uuid NOT NULL REFERENCES kontor.users ON DELETE CASCADE,
  created_at timestamptz NOT NULL DEFAULT now(),
  seen_at timestamptz NOT NULL DEFAULT now(),
  expires_at timestamptz NOT NULL,
  revoked_at timestamptz,
  user_agent text,
  ip text
);
CREATE INDEX sessions_user_id_idx ON kontor.sessions (user_id, created_at DESC);

-- Links that let a person choose a password. Only the token's digest is kept: reading the table gives nobody a way in.
CREATE TABLE kontor.password_resets (
  token_hash text PRIMARY KEY,
  user_id uuid NOT NULL REFERENCES kontor.users ON DELETE CASCADE,
  created_at timestamptz NOT NULL DEFAULT now(),
  created_by text NOT NULL,
  expires_at timestamptz NOT NULL,
  used_at timestamptz
);
CREATE INDEX password_resets_user_id_idx ON kontor.password_resets (user_id);

-- Codes printed in the server's log while nobody can sign in yet; every process that starts adds its own.
CREATE TABLE kontor.setup_codes (
  code_hash text PRIMARY KEY,
  created_at timestamptz NOT NULL DEFAULT now()
);

-- The layout rate-limiter-flexible expects. Unlogged: losing the counters in a crash costs nothing.
CREATE UNLOGGED TABLE kontor.rate_limits (
  key varchar(255) PRIMARY KEY,
  points integer NOT NULL DEFAULT 0,
  expire bigint
);

-- Whoever disables a person or changes a password, by whatever road: sessions and links made before are over, and
-- enabling the person again does not bring them back.
CREATE FUNCTION kontor.end_access_of_user() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  DELETE FROM kontor.password_resets WHERE user_id = NEW.id AND used_at IS NULL;
  IF NEW.status = 'disabled' THEN
    UPDATE kontor.sessions SET revoked_at = now() WHERE user_id = NEW.id AND revoked_at IS NULL;
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER users_after_update_end_access
  AFTER UPDATE OF status, password_hash ON kontor.users
  FOR EACH ROW
  WHEN ((NEW.status = 'disabled' AND OLD.status <> 'disabled') OR NEW.password_hash IS DISTINCT FROM OLD.password_hash)
  EXECUTE FUNCTION kontor.end_access_of_user();

CREATE FUNCTION kontor.stamp_user() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  NEW.updated_at := now();
  IF NEW.password_hash IS DISTINCT FROM OLD.password_hash THEN
    NEW.password_changed_at := now();
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER users_before_update_stamp
  BEFORE UPDATE ON kontor.users
  FOR EACH ROW
  WHEN ((NEW.email, NEW.name, NEW.role, NEW.status, NEW.password_hash, NEW.locale, NEW.time_zone)
    IS DISTINCT FROM (OLD.email, OLD.name, OLD.role, OLD.status, OLD.password_hash, OLD.locale, OLD.time_zone))
  EXECUTE FUNCTION kontor.stamp_user();
