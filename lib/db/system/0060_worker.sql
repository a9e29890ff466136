-- Every running worker says that it is alive, so that the site can tell when nobody carries out effects and tasks.
-- A running application tolerates it.
CREATE TABLE kontor.workers (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  host text NOT NULL,
  pid integer NOT NULL,
  version text NOT NULL,
  started_at timestamptz NOT NULL DEFAULT now(),
  seen_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE kontor.workers IS 'Heartbeats of the running worker processes; rows of those that died are swept.';
