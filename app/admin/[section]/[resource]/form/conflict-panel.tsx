'use client'

import { useState } from 'react'
import { displayText } from '@/lib/admin/fields/client'
import { Button } from '@/lib/ui/button/button'
import styles from './form.module.css'
import type { FormNames } from './form-values'
import type { Choices, Failure } from './use-record-form'

interface Props {
  failure: Failure
  names: FormNames
  isSaving: boolean
  onResolve: (choices: Choices) => void
}

/** Where two people changed one field: what was shown, what is there now, what this person wants, and a choice. */
export function ConflictPanel({ failure, names, isSaving, onResolve }: Props) {
  const conflicts = failure.conflicts ?? []
  const [choices, setChoices] = useState<Choices>({})
  const open = conflicts.filter(({ field }) => !choices[field]).length
  return (
    <section id="form-summary" tabIndex={-1} className={styles.conflict} aria-labelledby="conflict-title">
      <h2 id="conflict-title">Somebody else changed this too</h2>
      <p>{failure.message}</p>
      {conflicts.map(({ field: name, label, shown, now, yours }) => {
        const field = names.fields.find((entry) => entry.field.name === name)?.field
        const choose = (choice: 'mine' | 'theirs') => setChoices({ ...choices, [name]: choice })
        return (
          <fieldset key={name} className={styles.comparison}>
            <legend>{label}</legend>
            <p className={styles.before}>
              <span>When you opened it</span> {displayText(field, shown)}
            </p>
            <label className={styles.choice} data-chosen={choices[name] === 'theirs' || undefined}>
              <input type="radio" name={`conflict-${name}`} onChange={() => choose('theirs')} />
              <span>Keep what is there now</span>
              <ins>{displayText(field, now)}</ins>
            </label>
            <label className={styles.choice} data-chosen={choices[name] === 'mine' || undefined}>
              <input type="radio" name={`conflict-${name}`} onChange={() => choose('mine')} />
              <span>Use mine</span>
              <ins>{displayText(field, yours)}</ins>
            </label>
          </fieldset>
        )
      })}
      <div className={styles.conflictFoot}>
        <Button tone="primary" disabled={open > 0 || isSaving} onClick={() => onResolve(choices)}>
          Save with these choices
        </Button>
        {open > 0 && <span className={styles.hint}>{open === 1 ? 'One choice' : `${open} choices`} left</span>}
      </div>
    </section>
  )
}
