REVOKE ALL ON kontor.subscriptions FROM PUBLIC;
GRANT EXECUTE ON FUNCTION kontor.unread_changes(xid8, xid8[], bigint, bigint, pg_snapshot, int) TO {{app_role}};
GRANT EXECUTE ON FUNCTION kontor.read_changes(xid8, xid8[], bigint, bigint, pg_snapshot, int, bigint, text[], int) TO {{app_role}};
GRANT EXECUTE ON FUNCTION kontor.changes_since(xid8, xid8[], bigint, xid8) TO {{app_role}};
GRANT EXECUTE ON FUNCTION kontor.read_on(text, xid8, xid8[], bigint, bigint, int, bigint, text[], int) TO {{app_role}};
GRANT SELECT, INSERT, UPDATE, DELETE ON kontor.subscriptions TO {{app_role}};
