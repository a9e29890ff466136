'use client'

import { type ComponentType, createContext, useContext } from 'react'
import { ArrayInput } from './array/input'
import { BooleanInput } from './boolean/input'
import { ByteaInput } from './bytea/input'
import { ColourInput } from './colour/input'
import { EmailInput } from './email/input'
import { SelectInput } from './enum/input'
import type { FieldInputProps } from './input'
import { JsonInput } from './json/input'
import { ReadOnlyInput } from './read-only'
import { ReferenceInput } from './reference/input'
import { TextInput } from './text/input'
import { TextareaInput } from './textarea/input'
import { MomentInput } from './timestamp/input'
import { UrlInput } from './url/input'

export { displayText } from './display-text'
export type { FieldInputProps } from './input'
export { ManyToManyInput } from './reference/many-input'

/** The browser halves by kind; kinds not named are written in one line. */
const inputs: Record<string, ComponentType<FieldInputProps>> = {
  textarea: TextareaInput,
  xml: TextareaInput,
  email: EmailInput,
  url: UrlInput,
  colour: ColourInput,
  boolean: BooleanInput,
  enum: SelectInput,
  array: ArrayInput,
  json: JsonInput,
  date: MomentInput,
  timestamp: MomentInput,
  timestamptz: MomentInput,
  reference: ReferenceInput,
}

/** Inputs of a deployer's own kinds, by name; they go before the built-in ones. */
export const CustomInputs = createContext<Readonly<Record<string, ComponentType<FieldInputProps>>>>({})

/** The input of a field: its kind's, a picker where it has choices, a box to read where it may not be changed. */
export function FieldInput(props: FieldInputProps) {
  const { field } = props
  const custom = useContext(CustomInputs)[field.kind]
  if (custom) return draw(custom, props)
  if (field.kind === 'bytea') return <ByteaInput {...props} />
  if (field.access === 'readonly') return <ReadOnlyInput {...props} />
  if (field.choices && field.kind !== 'array') return <SelectInput {...props} />
  return draw(inputs[field.kind] ?? TextInput, props)
}

const draw = (Kind: ComponentType<FieldInputProps>, props: FieldInputProps) => <Kind {...props} />
