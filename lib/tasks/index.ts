export { defineJob, type Job, type JobContext, type Jobs, jobsByKind } from './jobs/job'
export { answerJob, cancelJob, endUnanswered, resumeJob } from './jobs/operations'
export { getJob, type JobRow, listJobFailures, listJobs, questionOfJob } from './jobs/pages'
export { type JobRequest, requestJob } from './jobs/request-job'
export { pauseTask, resetTask, resumeTask, runTaskNow } from './operations'
export { getTask, listTaskRuns, listTasks, type TaskRow, type TaskRun } from './pages'
export { pulseOfJob, tasksAndJobs, tasksPulse } from './pulse'
export { resolveTasks, type TaskCheck, type TaskSource } from './registry'
export {
  error,
  ok,
  type Schedule,
  type Task,
  type TaskContext,
  type TaskDefinition,
  type TaskOptions,
  type TaskResult,
  type Tasks,
  task,
} from './task'
