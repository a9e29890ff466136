-- The sweep notes what expired, and forgets it after a week.
GRANT SELECT, INSERT, UPDATE, DELETE ON kontor.expiries TO {{app_role}};
-- What the check at start asks.
GRANT EXECUTE ON FUNCTION kontor.append_only_obstacle(regclass, regclass), kontor.append_only_columns(regclass),
  kontor.append_only_mark(regclass),
  kontor.append_only_is_set_up(regclass, regclass), kontor.ephemeral_obstacle(regclass, boolean),
  kontor.ephemeral_is_set_up(regclass, float8, float8, boolean, boolean) TO {{app_role}};
