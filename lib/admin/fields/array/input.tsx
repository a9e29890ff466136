'use client'

import { Input } from '@mantine/core'
import { type KeyboardEvent, useState } from 'react'
import type { FieldInputProps } from '../input'
import inputs from '../input.module.css'
import { PickMany } from '../picker/pick-many'
import pickerStyles from '../picker/picker.module.css'
import { PillBox } from '../picker/pill-box'
import { TextareaInput } from '../textarea/input'
import { lineProps, useTyped } from '../use-typed'
import { formatArray, isFlat, readArray } from './literal'

/** Choices as pills to pick, plain values as pills to type, anything else (nested lists, boxes) as Postgres writes it. */
export function ArrayInput(props: FieldInputProps) {
  const { field, value } = props
  const array = value === null ? { items: [] } : readArray(value)
  if (!array || !isFlat(array) || field.element === 'geometry' || field.element === 'json')
    return <LiteralInput {...props} />
  return field.choices ? <ChosenInput {...props} items={array.items} /> : <TagsInput {...props} items={array.items} />
}

interface ItemsProps extends FieldInputProps {
  items: readonly (string | null)[]
}

/** What an emptied list is: nothing where it was nothing, an empty list else. */
function listText(
  items: readonly (string | null)[],
  shown: string | null | undefined,
  isNullable: boolean,
): string | null {
  return items.length === 0 && isNullable && (shown === null || shown === undefined) ? null : formatArray(items)
}

function ChosenInput({ items, ...props }: ItemsProps) {
  const { field, id, shown, onChange, onBlur, describedBy, error, disabled } = props
  const options = (field.choices ?? []).map(({ label, value }) => ({ id: value, label }))
  const chosen = items.map((item) => {
    const value = item ?? 'NULL'
    return options.find((option) => option.id === value) ?? { id: value, label: item ?? 'none' }
  })
  return (
    <PickMany
      id={id}
      chosen={chosen}
      options={options}
      onChange={(next) =>
        onChange(
          listText(
            next.map((option) => option.id),
            shown,
            field.isNullable,
          ),
        )
      }
      onBlur={onBlur}
      placeholder={field.placeholder}
      describedBy={describedBy}
      error={Boolean(error)}
      disabled={disabled}
    />
  )
}

/** Values typed one by one: Enter adds, a pasted column adds one a line, Backspace takes the last one out. */
function TagsInput({ items, ...props }: ItemsProps) {
  const { field, id, shown, onChange, onBlur, describedBy, error, disabled } = props
  const [typed, setTyped] = useState('')

  const give = (next: readonly (string | null)[]) => onChange(listText(next, shown, field.isNullable))

  function add(text: string): void {
    const lines = text.split(/\r?\n/).filter((line) => line !== '')
    if (lines.length > 0) give([...items, ...lines])
    setTyped('')
  }

  function onKeyDown(event: KeyboardEvent<HTMLInputElement>): void {
    if (event.key === 'Enter' && !event.nativeEvent.isComposing) {
      event.preventDefault()
      add(typed)
    } else if (event.key === 'Backspace' && typed === '' && items.length > 0) give(items.slice(0, -1))
  }

  return (
    <PillBox
      pills={keyed(items).map(({ key, item }) => ({
        key,
        label: item ?? 'none',
        isNull: item === null,
      }))}
      onRemove={(index) => give(items.filter((_, at) => at !== index))}
      error={Boolean(error)}
      disabled={disabled}
    >
      <input
        id={id}
        type="text"
        className={pickerStyles.field}
        value={typed}
        onChange={(event) => setTyped(event.currentTarget.value)}
        onKeyDown={onKeyDown}
        onPaste={(event) => {
          const text = event.clipboardData.getData('text')
          if (!/\n/.test(text)) return
          event.preventDefault()
          add(text)
        }}
        onBlur={() => {
          add(typed)
          onBlur?.()
        }}
        disabled={disabled}
        placeholder={items.length === 0 ? (field.placeholder ?? 'Type a value, then Enter') : 'Add…'}
        autoComplete="off"
        aria-invalid={Boolean(error) || undefined}
        aria-describedby={describedBy}
      />
    </PillBox>
  )
}

/** Keys that stay with a value while others come and go, equal values numbered. */
function keyed(items: readonly (string | null)[]): { key: string; item: string | null }[] {
  const seen = new Map<string | null, number>()
  return items.map((item) => {
    const count = (seen.get(item) ?? 0) + 1
    seen.set(item, count)
    return { key: `${item === null ? 'null' : `=${item}`} ${count}`, item }
  })
}

function LiteralInput(props: FieldInputProps) {
  const { field, value } = props
  const [typed, type] = useTyped(props)
  if (/\n/.test(value ?? '')) return <TextareaInput {...props} />
  return (
    <Input
      {...lineProps(props, typed, type)}
      placeholder={field.placeholder ?? '{one,two}'}
      classNames={{ input: inputs.exact }}
    />
  )
}
