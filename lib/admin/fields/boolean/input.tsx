'use client'

import { Switch } from '@mantine/core'
import type { FieldInputProps } from '../input'
import { PickOne } from '../picker/pick-one'
import styles from './input.module.css'

const ANSWERS = [
  { id: 'true', label: 'Yes' },
  { id: 'false', label: 'No' },
]

/** A switch; a choice of yes, no and nothing where the column may hold nothing or nobody decided yet. */
export function BooleanInput(props: FieldInputProps) {
  const { field, id, value, onChange, onBlur, error, describedBy, disabled } = props
  const isTriple = field.isNullable || (field.isRequired && value === null)
  if (isTriple) return <PickOne {...props} options={ANSWERS} isClearable={field.isNullable} />
  return (
    <Switch
      id={id}
      checked={value === 'true'}
      onChange={(event) => onChange(event.currentTarget.checked ? 'true' : 'false')}
      onBlur={onBlur}
      disabled={disabled}
      error={Boolean(error)}
      aria-describedby={describedBy}
      className={styles.switch}
      label={value === null ? 'Decided by the database' : value === 'true' ? 'Yes' : 'No'}
    />
  )
}
