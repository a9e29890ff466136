'use client'

import { Input } from '@mantine/core'
import clsx from 'clsx'
import type { ReactNode } from 'react'
import styles from './form.module.css'

interface Props {
  id: string
  label: string
  /** Unit, zone, "read-only": grey beside the label. */
  hint?: string
  help?: string
  errors?: readonly string[]
  isRequired?: boolean
  isWide?: boolean
  children: ReactNode
}

/** Ids of what describes an input, for inputs that set them themselves. */
export function describedBy(id: string, help: string | undefined, errors: readonly string[] | undefined) {
  return [errors?.length && `${id}-error`, help && `${id}-description`].filter(Boolean).join(' ') || undefined
}

/** A field with its label above and what is wrong, or may help, below. */
export function FieldRow({ id, label, hint, help, errors = [], isRequired, isWide, children }: Props) {
  const shownHelp = errors.length === 0 ? help : undefined
  const heard = [isRequired && 'Required.', hint].filter(Boolean).join(' ')
  return (
    <div className={clsx(styles.field, isWide && styles.wide)}>
      <div className={styles.labels}>
        <label htmlFor={id} className={styles.label}>
          {label}
        </label>
        {isRequired && (
          <span className={styles.mark} aria-hidden="true">
            *
          </span>
        )}
        {hint && (
          <span className={styles.hint} aria-hidden="true">
            {hint}
          </span>
        )}
      </div>
      <Input.Wrapper
        id={id}
        error={errors.length > 0 ? errors.join(' ') : undefined}
        description={
          (shownHelp || heard) && (
            <>
              {heard && <span className={styles.heard}>{heard} </span>}
              {shownHelp}
            </>
          )
        }
        inputWrapperOrder={['input', 'error', 'description']}
        descriptionProps={shownHelp ? undefined : { className: styles.heard }}
      >
        {children}
      </Input.Wrapper>
    </div>
  )
}
