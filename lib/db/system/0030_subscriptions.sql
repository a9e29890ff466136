-- Subscriptions with a name, whose place in the log outlives their process. Only adds: a running application tolerates it.
CREATE TABLE kontor.subscriptions (
  name text COLLATE "C" PRIMARY KEY CHECK (name <> '' AND length(name) <= 200),
  -- Everything up to here is handled (lib/watch/cursor.ts) …
  cursor text NOT NULL,
  -- … and of what lies between it and the target, the changes up to this id.
  target text,
  after_id bigint,
  -- One process at a time carries a subscription; when its lease runs out, another may.
  holder text,
  held_until timestamptz,
  handled bigint NOT NULL DEFAULT 0,
  created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  updated_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
