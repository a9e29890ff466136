-- The application keeps tasks and jobs; what ran stays on record until retention.
GRANT SELECT, INSERT, UPDATE ON kontor.tasks TO {{app_role}};
GRANT SELECT, INSERT ON kontor.task_runs TO {{app_role}};
GRANT SELECT, INSERT, UPDATE ON kontor.jobs TO {{app_role}};
GRANT SELECT, INSERT ON kontor.job_failures TO {{app_role}};
