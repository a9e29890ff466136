'use client'

import { TextInput } from '@mantine/core'
import { FieldRow } from './field-row'
import styles from './form.module.css'

interface Props {
  value: string
  onChange: (value: string) => void
}

const ID = 'save-reason'

/** Why: kept with the version that the save writes. */
export function ReasonField({ value, onChange }: Props) {
  return (
    <section className={styles.group} aria-label="This version">
      <div className={styles.fields}>
        <FieldRow id={ID} label="Why" hint="optional, kept with this version" isRequired={false} isWide>
          <TextInput
            id={ID}
            value={value}
            maxLength={1000}
            placeholder="What led to this change"
            onChange={(event) => onChange(event.currentTarget.value)}
          />
        </FieldRow>
      </div>
    </section>
  )
}
