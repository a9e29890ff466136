-- The application may ask for effects and note what became of them; what was asked for is not its to change, and
-- nothing is its to delete.
GRANT SELECT,
  INSERT (kind, payload, dedupe_key, run_at, max_attempts, replay_of, created_by, request_id),
  UPDATE (run_at, status, attempts, max_attempts, started_at, completed_at, completion_payload, last_error,
    offered_until, lease_token, lease_until, worker, crashes)
  ON kontor.effects TO {{app_role}};
GRANT SELECT, INSERT ON kontor.effect_attempts TO {{app_role}};
GRANT SELECT, INSERT, UPDATE ON kontor.effect_limits TO {{app_role}};
GRANT EXECUTE ON FUNCTION kontor.request_effect(text, jsonb, text, timestamptz, int) TO {{app_role}};
GRANT EXECUTE ON FUNCTION kontor.offer_limited(text, int, int, int, int, int) TO {{app_role}};
