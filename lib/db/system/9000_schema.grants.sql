GRANT USAGE ON SCHEMA kontor TO {{app_role}};
GRANT SELECT ON kontor.migrations TO {{app_role}};
