GRANT SELECT, INSERT, UPDATE, DELETE
  ON kontor.users, kontor.sessions, kontor.password_resets, kontor.setup_codes, kontor.rate_limits
  TO {{app_role}};
