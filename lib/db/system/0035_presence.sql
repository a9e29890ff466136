-- Who has which record open, for as long as their page says so. Only adds. Unlogged: worth nothing after a crash.
CREATE UNLOGGED TABLE kontor.presence (
  -- A page that is open, by an id it gave itself.
  page uuid PRIMARY KEY,
  session_id uuid NOT NULL,
  user_id uuid NOT NULL REFERENCES kontor.users (id) ON DELETE CASCADE,
  resource text NOT NULL CHECK (length(resource) <= 200),
  record_id text NOT NULL CHECK (length(record_id) <= 2000),
  seen_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
REVOKE ALL ON kontor.presence FROM PUBLIC;
GRANT SELECT, INSERT, UPDATE, DELETE ON kontor.presence TO {{app_role}};
