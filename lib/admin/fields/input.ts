import type { FieldView } from '../view'

/** What every field kind's browser half receives. The value travels as Postgres text; null is "no value". */
export interface FieldInputProps {
  field: FieldView
  id: string
  value: string | null
  onChange: (value: string | null) => void
  onBlur?: () => void
  error?: string
  disabled?: boolean
}
