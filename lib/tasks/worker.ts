// The worker's door: what runs tasks. Pages and the config need none of it.
export { runTasksWorker, type TasksSettings, type TasksWorker, type TasksWorkerParts } from './work/scheduler'
