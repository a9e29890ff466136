GRANT EXECUTE ON FUNCTION kontor.brought_along() TO {{app_role}};
