-- A job may look through the whole of its work before it does any of it, and wait for a person where something has to be
-- decided first. Only adds; a running application of before leaves waiting jobs alone, and looks at none before it begins.

ALTER TABLE kontor.jobs
  -- Whether it still looks: nothing is done yet.
  ADD COLUMN checking boolean NOT NULL DEFAULT false,
  -- How much of it has been looked at, of the total.
  ADD COLUMN checked bigint NOT NULL DEFAULT 0,
  -- Where the look goes on, with what it has found; NULL at its beginning.
  ADD COLUMN check_cursor jsonb,
  -- What a person has to decide, for as long as the job waits for it; and what was said last.
  ADD COLUMN question jsonb,
  ADD COLUMN answer jsonb,
  ADD COLUMN answered_by text,
  DROP CONSTRAINT jobs_state_check,
  ADD CONSTRAINT jobs_state_check
    CHECK (state IN ('queued', 'running', 'waiting', 'completed', 'failed', 'cancelled')),
  ADD CONSTRAINT jobs_question_check CHECK ((state = 'waiting') = (question IS NOT NULL));
CREATE INDEX jobs_waiting ON kontor.jobs (actor) WHERE state = 'waiting';
