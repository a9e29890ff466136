'use client'

import { Input } from '@mantine/core'
import { X } from 'lucide-react'
import type { MouseEvent, ReactNode, Ref } from 'react'
import styles from './picker.module.css'

export interface Pill {
  /** Tells equal ones apart. */
  key: string
  label: string
  isNull?: boolean
}

interface Props {
  pills: readonly Pill[]
  onRemove: (index: number) => void
  error?: boolean
  disabled?: boolean
  ref?: Ref<HTMLDivElement>
  /** The text box at the end. */
  children: ReactNode
}

/** A box of values that can be taken out one by one, with a text box at its end for the next. */
export function PillBox({ pills, onRemove, error, disabled, ref, children }: Props) {
  return (
    <Input
      component="div"
      multiline
      withAria={false}
      ref={ref}
      error={error}
      disabled={disabled}
      classNames={{ input: styles.pills }}
      onClick={focusField}
    >
      {pills.map((pill, index) => (
        <span key={pill.key} className={styles.pill} data-null={pill.isNull || undefined}>
          <span className={styles.pillLabel}>{pill.label}</span>
          {!disabled && (
            <button
              type="button"
              className={styles.remove}
              onClick={() => onRemove(index)}
              aria-label={`Remove ${pill.label}`}
            >
              <X aria-hidden="true" />
            </button>
          )}
        </span>
      ))}
      {children}
    </Input>
  )
}

function focusField(event: MouseEvent<HTMLDivElement>): void {
  if (event.target === event.currentTarget) event.currentTarget.querySelector('input')?.focus()
}
