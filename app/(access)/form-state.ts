import type { FieldErrors } from '@/lib/errors'

/** What a form is told after it was sent and refused. */
export interface FormState {
  /** For the whole form, in one sentence. */
  problem?: string
  fields?: FieldErrors
  /** What was typed, to be shown again; never a password. */
  values?: Record<string, string>
}
