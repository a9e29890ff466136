import type { FieldView } from '../view'

/**
 * What every field kind's browser half receives. The value travels as Postgres text; null is "no value". What a person
 * types is passed on as it is, right or wrong: the server half judges it.
 *
 * Label, help and error are drawn around it by the form (Mantine's `Input.Wrapper`), from which Mantine's `Input` takes
 * its id and description by itself. Inputs of another make set `id` and `aria-describedby` themselves.
 */
export interface FieldInputProps {
  field: FieldView
  id: string
  value: string | null
  onChange: (value: string | null) => void
  onBlur?: () => void
  /** What the record held when the form showed it: typing it again gives exactly this text back. */
  shown?: string | null
  /** Ids of help and error, for inputs that are not Mantine's. */
  describedBy?: string
  error?: string
  disabled?: boolean
}
