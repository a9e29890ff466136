'use client'

import { Button, Checkbox, NativeSelect, TextInput } from '@mantine/core'
import { ChevronLeft } from 'lucide-react'
import { type FormEvent, useState } from 'react'
import type { FilterControlView } from '@/lib/admin/view'
import { buttonClass } from '@/lib/ui/button/button'
import { datePresets } from './date-presets'
import type { Condition } from './filter-address'
import { conditionsOf, type FilterDraft, modesOf } from './filter-modes'
import styles from './filter-panel.module.css'
import { OptionPicker } from './option-picker'

interface Props {
  filter: FilterControlView
  /** The moment from which 'last 7 days' is told; now unless given. */
  at?: string
  onApply: (conditions: Condition[]) => void
  onBack?: () => void
}

/** Asks what a field must be. */
export function FilterForm({ filter, at, onApply, onBack }: Props) {
  return (
    <div className={styles.form}>
      <div className={styles.head}>
        {onBack && (
          <button type="button" className={styles.back} aria-label="Another field" onClick={onBack}>
            <ChevronLeft size={16} aria-hidden="true" />
          </button>
        )}
        {filter.label}
      </div>
      {filter.control === 'boolean' ? (
        <YesNo filter={filter} onApply={onApply} />
      ) : (
        <Conditions filter={filter} at={at} onApply={onApply} />
      )}
    </div>
  )
}

function YesNo({ filter: { field, operators }, onApply }: Props) {
  const answers: [string, Condition][] = [
    ['Yes', { field, operator: 'eq', operand: 'true' }],
    ['No', { field, operator: 'eq', operand: 'false' }],
    ['No answer', { field, operator: 'empty', operand: 'true' }],
  ]
  return (
    <div className={styles.presets}>
      {answers
        .filter(([, { operator }]) => operators.includes(operator))
        .map(([label, condition], at) => (
          <button
            key={label}
            type="button"
            className={buttonClass()}
            data-autofocus={at === 0 || undefined}
            onClick={() => onApply([condition])}
          >
            {label}
          </button>
        ))}
    </div>
  )
}

const EMPTY: FilterDraft = { value: '', from: '', to: '', chosen: [] }

function Conditions({ filter, at, onApply }: Props) {
  const modes = modesOf(filter)
  const [mode, setMode] = useState(modes[0])
  const [draft, setDraft] = useState(EMPTY)
  const [problem, setProblem] = useState<string>()
  if (!mode) return null

  function submit(event: FormEvent) {
    event.preventDefault()
    const conditions = mode ? conditionsOf(filter.field, mode, draft) : []
    if (conditions.length > 0) onApply(conditions)
    else setProblem(mode?.input === 'choices' ? 'Choose at least one.' : 'Fill in a value.')
  }

  return (
    // `method` stays 'post', so that the page's soft navigation does not take it for a search.
    <form method="post" onSubmit={submit} className={styles.form} style={{ padding: 0 }}>
      <NativeSelect
        aria-label={`How ${filter.label} is compared`}
        data={modes.map(({ key, label }) => ({ value: key, label }))}
        value={mode.key}
        onChange={({ currentTarget: { value } }) => setMode(modes.find(({ key }) => key === value))}
      />
      {mode.input === 'range' && <Range filter={filter} at={at} draft={draft} onChange={setDraft} onApply={onApply} />}
      {mode.input === 'value' && <Value filter={filter} draft={draft} onChange={setDraft} />}
      {mode.input === 'choices' && <Choices filter={filter} draft={draft} onChange={setDraft} />}
      {problem && (
        <p role="alert" className={styles.problem}>
          {problem}
        </p>
      )}
      <Button type="submit">Apply</Button>
    </form>
  )
}

interface DraftProps {
  filter: FilterControlView
  draft: FilterDraft
  onChange: (draft: FilterDraft) => void
}

const INPUT_TYPES: Partial<Record<FilterControlView['control'], string>> = { date: 'date', datetime: 'date' }

function Value({ filter, draft, onChange }: DraftProps) {
  const change = (value: string) => onChange({ ...draft, value })
  if (filter.control === 'reference' && filter.optionsUrl) {
    return <OptionPicker url={filter.optionsUrl} label={filter.label} value={draft.value} onChange={change} />
  }
  return (
    <TextInput
      aria-label={filter.label}
      type={INPUT_TYPES[filter.control]}
      inputMode={filter.control === 'number' ? 'decimal' : undefined}
      value={draft.value}
      data-autofocus
      onChange={({ currentTarget: { value } }) => change(value)}
    />
  )
}

function Range({ filter, at, draft, onChange, onApply }: DraftProps & Pick<Props, 'at' | 'onApply'>) {
  const isDate = filter.control !== 'number'
  const common = { type: INPUT_TYPES[filter.control], inputMode: isDate ? undefined : ('decimal' as const) }
  return (
    <>
      {isDate && (
        <div className={styles.presets}>
          {datePresets(at ? new Date(at) : new Date()).map(({ label, from, to }) => (
            <button
              key={label}
              type="button"
              className={buttonClass({ size: 'small' })}
              onClick={() =>
                onApply([
                  { field: filter.field, operator: 'gte', operand: from },
                  { field: filter.field, operator: 'lte', operand: to },
                ])
              }
            >
              {label}
            </button>
          ))}
        </div>
      )}
      <div className={styles.pair}>
        <TextInput
          {...common}
          label="From"
          value={draft.from}
          data-autofocus
          onChange={({ currentTarget: { value } }) => onChange({ ...draft, from: value })}
        />
        <TextInput
          {...common}
          label="To"
          value={draft.to}
          onChange={({ currentTarget: { value } }) => onChange({ ...draft, to: value })}
        />
      </div>
    </>
  )
}

function Choices({ filter, draft, onChange }: DraftProps) {
  return (
    <Checkbox.Group
      aria-label={filter.label}
      value={[...draft.chosen]}
      onChange={(chosen) => onChange({ ...draft, chosen })}
    >
      <div className={styles.choices}>
        {(filter.choices ?? []).map(({ value, label }, at) => (
          <Checkbox key={value} size="xs" value={value} label={label} data-autofocus={at === 0 || undefined} />
        ))}
      </div>
    </Checkbox.Group>
  )
}
