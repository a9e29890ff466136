'use client'

import type { FieldInputProps } from '../input'
import { PickOne } from '../picker/pick-one'

/** One of the choices. A value that is stored and no longer offered stays, named as it is. */
export function SelectInput(props: FieldInputProps) {
  const { field, value, shown } = props
  const offered = (field.choices ?? []).map(({ label, value: id }) => ({ id, label, tone: field.tones[id] }))
  const strays = [...new Set([value, shown])].filter(
    (text): text is string => text !== null && text !== undefined && !offered.some(({ id }) => id === text),
  )
  const options = [
    ...offered,
    ...strays.map((id) => ({ id, label: id, hint: 'no longer offered', tone: field.tones[id] })),
  ]
  return <PickOne {...props} options={options} isClearable={field.isNullable} />
}
