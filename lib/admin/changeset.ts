import type { FieldErrors } from '@/lib/errors'

/**
 * What a write is about to change. `values` are the fields by name as application code types them; hooks and
 * validators change them freely, and what they leave alone is written as the exact text the person gave.
 */
export interface Changeset<Values = Record<string, unknown>> {
  values: Values
  /** Notes an error; the write is refused once the step that added it is over. `''` is the record as a whole. */
  addError(field: Extract<keyof Values, string> | '', message: string): void
  readonly errors: FieldErrors
  /** True where the field is written and differs from the stored record. */
  changes(field: Extract<keyof Values, string>): boolean
}
