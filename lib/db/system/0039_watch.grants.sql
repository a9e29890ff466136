REVOKE ALL ON kontor.subscriptions FROM PUBLIC;
GRANT SELECT, INSERT, UPDATE, DELETE ON kontor.subscriptions TO {{app_role}};
