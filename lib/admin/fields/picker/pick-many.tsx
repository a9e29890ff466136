'use client'

import { Combobox, useCombobox } from '@mantine/core'
import { type ReactNode, useEffect, useState } from 'react'
import { type Option, PickerOption } from './option'
import styles from './picker.module.css'
import { PillBox } from './pill-box'

interface Props {
  id: string
  chosen: readonly Option[]
  onChange: (chosen: Option[]) => void
  options: readonly Option[]
  /** Told what is typed, where options come from the server; else they are searched here. */
  onSearch?: (term: string) => void
  onOpen?: (isOpen: boolean) => void
  onBlur?: () => void
  isLoading?: boolean
  emptyText?: string
  placeholder?: string
  describedBy?: string
  error?: boolean
  disabled?: boolean
  footer?: ReactNode
}

/** Chooses several as pills: typing searches, Enter takes or gives back, Backspace takes the last one out. */
export function PickMany(props: Props) {
  const { id, chosen, onChange, options, onSearch, onOpen, error, disabled } = props
  const [term, setTerm] = useState('')
  const combobox = useCombobox({
    onDropdownOpen: () => onOpen?.(true),
    onDropdownClose: () => {
      combobox.resetSelectedOption()
      onOpen?.(false)
    },
  })
  const ids = new Set(chosen.map((option) => option.id))
  const wanted = term.trim().toLocaleLowerCase()
  const shown = onSearch ? options : options.filter((option) => option.label.toLocaleLowerCase().includes(wanted))

  // Enter takes the best match without an arrow key before it.
  const best = wanted === '' ? undefined : shown[0]?.id
  const { selectFirstOption } = combobox
  useEffect(() => {
    if (best !== undefined) selectFirstOption()
  }, [best, selectFirstOption])

  function search(next: string): void {
    setTerm(next)
    onSearch?.(next)
  }

  function toggle(optionId: string): void {
    const option = options.find((candidate) => candidate.id === optionId)
    if (ids.has(optionId)) onChange(chosen.filter((entry) => entry.id !== optionId))
    else if (option) onChange([...chosen, option])
    search('')
  }

  return (
    <Combobox keepMounted={false} store={combobox} onOptionSubmit={toggle} withinPortal>
      <Combobox.DropdownTarget>
        <PillBox
          pills={chosen.map((option) => ({ key: option.id, label: option.label || 'empty' }))}
          onRemove={(index) => onChange(chosen.filter((_, at) => at !== index))}
          error={error}
          disabled={disabled}
        >
          <Combobox.EventsTarget withExpandedAttribute>
            <input
              id={id}
              type="text"
              role="combobox"
              aria-expanded={combobox.dropdownOpened}
              aria-controls={combobox.listId ?? undefined}
              className={styles.field}
              value={term}
              onChange={(event) => {
                search(event.currentTarget.value)
                combobox.openDropdown()
                combobox.updateSelectedOptionIndex()
              }}
              onFocus={() => combobox.openDropdown()}
              onClick={() => combobox.openDropdown()}
              onBlur={() => {
                combobox.closeDropdown()
                search('')
                props.onBlur?.()
              }}
              onKeyDown={(event) => {
                if (event.key === 'Enter') event.preventDefault() // takes an option; never sends the form
                if (event.key === 'Backspace' && term === '' && chosen.length > 0) onChange(chosen.slice(0, -1))
              }}
              disabled={disabled}
              placeholder={chosen.length === 0 ? (props.placeholder ?? 'none') : undefined}
              autoComplete="off"
              spellCheck={false}
              aria-invalid={error || undefined}
              aria-describedby={props.describedBy}
            />
          </Combobox.EventsTarget>
        </PillBox>
      </Combobox.DropdownTarget>
      <Combobox.Dropdown>
        <Combobox.Options mah={280} style={{ overflowY: 'auto' }} aria-label="Options" aria-multiselectable>
          {shown.map((option) => (
            <PickerOption key={option.id} option={option} isChosen={ids.has(option.id)} />
          ))}
          {shown.length === 0 && (
            <Combobox.Empty>{props.isLoading ? 'Searching…' : (props.emptyText ?? 'No match')}</Combobox.Empty>
          )}
        </Combobox.Options>
        {props.footer && <div className={styles.footer}>{props.footer}</div>}
      </Combobox.Dropdown>
    </Combobox>
  )
}
