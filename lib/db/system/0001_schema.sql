-- Kontor's own schema. Nothing a running application uses changes here.
COMMENT ON SCHEMA kontor IS 'Kontor: sign-in, the change log, effects and tasks. Dropping it leaves your own tables untouched.';
