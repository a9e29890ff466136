GRANT SELECT, INSERT, UPDATE, DELETE ON kontor.workers TO {{app_role}};
