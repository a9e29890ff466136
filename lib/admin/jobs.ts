import { type Jobs, jobsByKind } from '@/lib/tasks'
import { undoJob } from './operations/undo-job'
import type { AdminSource } from './resolve'

/** What workers do in the background on behalf of people, by kind. */
export const jobsOf = (source: AdminSource): Jobs => jobsByKind([undoJob(source)])
