// The worker's door: what runs tasks. Pages and the config need none of it.

export { type JobsSettings, type JobsWorker, type JobsWorkerParts, runJobsWorker } from './jobs/run-jobs'
export { runTasksWorker, type TasksSettings, type TasksWorker, type TasksWorkerParts } from './work/scheduler'
