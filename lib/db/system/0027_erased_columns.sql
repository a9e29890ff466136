-- Which values an erasure took. The name of an actor can be erased too, and says nothing of the values; a value kept out of the
-- log is none that was erased from it. Only adds: a running application tolerates it, and what it erases counts as before.

ALTER TABLE kontor.erasures
  -- None where only the actor and the reason went; NULL where it was not kept yet: any of them.
  ADD COLUMN columns text[];

-- What tells erased values from those that were never there.
CREATE INDEX erasures_values ON kontor.erasures (change_id) WHERE columns IS NULL OR columns <> '{}';
