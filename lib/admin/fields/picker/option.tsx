import { Combobox } from '@mantine/core'
import type { Tone } from '../../define'
import styles from './picker.module.css'

export interface Option {
  id: string
  label: string
  hint?: string
  tone?: Tone
}

/** One line of a picker: a mark where it is chosen, a dot where its tone says something. */
export function PickerOption({ option, isChosen }: { option: Option; isChosen: boolean }) {
  return (
    <Combobox.Option value={option.id} active={isChosen} aria-selected={isChosen} className={styles.option}>
      {option.tone && <span className={styles.dot} data-tone={option.tone} aria-hidden="true" />}
      <span className={styles.label}>{option.label || 'empty'}</span>
      {option.hint && <span className={styles.hint}>{option.hint}</span>}
      {isChosen && (
        <svg className={styles.tick} viewBox="0 0 16 16" aria-hidden="true">
          <path d="M3.5 8.5l3 3 6-7" />
        </svg>
      )}
    </Combobox.Option>
  )
}
