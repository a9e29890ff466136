'use client'

import { Combobox, Input, useCombobox } from '@mantine/core'
import { ChevronDown, X } from 'lucide-react'
import { type ReactNode, useEffect, useState } from 'react'
import type { FieldInputProps } from '../input'
import inputs from '../input.module.css'
import { type Option, PickerOption } from './option'
import styles from './picker.module.css'

interface Props extends FieldInputProps {
  options: readonly Option[]
  /** Told what is typed, where options come from the server; else they are searched here. */
  onSearch?: (term: string) => void
  /** Told when the list opens or closes. */
  onOpen?: (isOpen: boolean) => void
  /** What the value is called where it is not among the options. */
  valueLabel?: string
  isClearable: boolean
  isLoading?: boolean
  /** What stands in the list where nothing can be chosen. */
  emptyText?: string
  footer?: ReactNode
  /** Stands beside the arrow: a link to what is chosen. */
  aside?: ReactNode
}

/** More options than this are searched by typing from the start. */
const SEARCHABLE_FROM = 8

/**
 * Chooses one of several by mouse or keyboard: typing searches, arrows move, Enter takes, Escape leaves everything as it
 * was. The box always shows the label of what is chosen.
 */
export function PickOne(props: Props) {
  const { field, id, value, onChange, onBlur, error, disabled, options, onSearch, onOpen, isClearable } = props
  const [term, setTerm] = useState<string>()
  const combobox = useCombobox({
    onDropdownOpen: () => {
      setTimeout(() => combobox.selectActiveOption()) // once the options are there
      onOpen?.(true)
    },
    onDropdownClose: () => {
      combobox.resetSelectedOption()
      search(undefined)
      onOpen?.(false)
    },
  })
  const chosen = options.find((option) => option.id === value)
  const label = value === null ? '' : (chosen?.label ?? props.valueLabel ?? value)
  const isTyping = term !== undefined
  const shownOptions = isTyping && !onSearch ? options.filter((option) => matches(option, term)) : options
  const isSearchable = Boolean(onSearch) || options.length >= SEARCHABLE_FROM

  // Enter takes the best match without an arrow key before it.
  const best = isTyping && term !== '' ? shownOptions[0]?.id : undefined
  const { selectFirstOption } = combobox
  useEffect(() => {
    if (best !== undefined) selectFirstOption()
  }, [best, selectFirstOption])

  function search(next: string | undefined): void {
    setTerm(next)
    onSearch?.(next ?? '')
  }

  function choose(next: string): void {
    if (next !== value) onChange(next)
    combobox.closeDropdown()
  }

  return (
    <Combobox keepMounted={false} store={combobox} onOptionSubmit={choose} withinPortal>
      <Combobox.Target withExpandedAttribute>
        <Input
          id={id}
          role="combobox"
          value={isTyping ? term : label}
          onChange={(event) => {
            search(event.currentTarget.value)
            combobox.openDropdown()
            combobox.updateSelectedOptionIndex()
          }}
          onClick={(event) => {
            // What is typed next takes the place of what was chosen, as after Tab.
            if (!combobox.dropdownOpened && isSearchable) event.currentTarget.select()
            combobox.openDropdown()
          }}
          onKeyDown={(event) => {
            // Enter takes an option; while the answer is on its way it must not send the form instead.
            if (event.key === 'Enter' && combobox.dropdownOpened) event.preventDefault()
            if (event.key === 'Delete' && isClearable && !isTyping && value !== null) onChange(null)
          }}
          onBlur={() => {
            combobox.closeDropdown()
            onBlur?.()
          }}
          readOnly={!isSearchable}
          pointer={!isSearchable}
          data-pointer={!isSearchable || undefined}
          error={Boolean(error)}
          disabled={disabled}
          placeholder={field.placeholder ?? (field.isNullable ? 'none' : field.isRequired ? 'Choose…' : 'default')}
          autoComplete="off"
          spellCheck={false}
          leftSection={chosen?.tone && !isTyping ? <span className={styles.dot} data-tone={chosen.tone} /> : undefined}
          rightSectionWidth={props.aside || (isClearable && value !== null) ? 64 : 32}
          rightSectionPointerEvents="all"
          rightSection={
            <span className={inputs.sections}>
              {props.aside}
              {isClearable && value !== null && !disabled ? (
                <button
                  type="button"
                  className={inputs.icon}
                  onMouseDown={(event) => event.preventDefault()}
                  onClick={() => onChange(null)}
                  aria-label="Clear"
                >
                  <X aria-hidden="true" />
                </button>
              ) : (
                <ChevronDown className={styles.chevron} aria-hidden="true" />
              )}
            </span>
          }
        />
      </Combobox.Target>
      <Combobox.Dropdown>
        <Combobox.Options mah={280} style={{ overflowY: 'auto' }} aria-label="Options">
          {shownOptions.map((option) => (
            <PickerOption key={option.id} option={option} isChosen={option.id === value} />
          ))}
          {shownOptions.length === 0 && (
            <Combobox.Empty>{props.isLoading ? 'Searching…' : (props.emptyText ?? 'No match')}</Combobox.Empty>
          )}
        </Combobox.Options>
        {props.footer && <div className={styles.footer}>{props.footer}</div>}
      </Combobox.Dropdown>
    </Combobox>
  )
}

function matches({ label, id }: Option, term: string): boolean {
  const wanted = term.trim().toLocaleLowerCase()
  return label.toLocaleLowerCase().includes(wanted) || id.toLocaleLowerCase().includes(wanted)
}
