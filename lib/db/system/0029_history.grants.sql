-- The application reads the log and calls what the owner lends it; only triggers and the owner write.
REVOKE ALL ON kontor.changes, kontor.tracked, kontor.unlogged_witness, kontor.seals, kontor.erasures, kontor.upkeep FROM PUBLIC;
GRANT SELECT ON kontor.changes, kontor.tracked, kontor.unlogged_witness, kontor.seals, kontor.erasures, kontor.upkeep TO {{app_role}};
GRANT EXECUTE ON FUNCTION kontor.add_change_partitions(int) TO {{app_role}};
GRANT EXECUTE ON FUNCTION kontor.mark_crashed_tables() TO {{app_role}};
GRANT EXECUTE ON FUNCTION kontor.seal_changes(int, int) TO {{app_role}};
