export { pauseTask, resetTask, resumeTask, runTaskNow } from './operations'
export { getTask, listTaskRuns, listTasks, type TaskRow, type TaskRun } from './pages'
export { resolveTasks, type TaskCheck, type TaskSource } from './registry'
export {
  error,
  ok,
  type Task,
  type TaskContext,
  type TaskDefinition,
  type TaskOptions,
  type TaskResult,
  type Tasks,
  task,
} from './task'
