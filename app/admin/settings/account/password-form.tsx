'use client'

import { Button, PasswordInput } from '@mantine/core'
import { type FormEvent, useState } from 'react'
import { savePassword } from '../actions'
import styles from '../settings.module.css'
import { useSettingsAction } from '../use-settings-action'

const EMPTY = { current: '', next: '' }

/** @param minLength of a new password, in characters */
export function PasswordForm({ minLength, email }: { minLength: number; email: string }) {
  const [values, setValues] = useState(EMPTY)
  const { isBusy, run, problem, fields, errorOf } = useSettingsAction()

  function submit(event: FormEvent) {
    event.preventDefault()
    run(
      () => savePassword(values),
      () => setValues(EMPTY),
    )
  }

  return (
    <form method="post" className={styles.form} onSubmit={submit} noValidate>
      {/* Tells password managers whose password this is. */}
      <input type="email" name="username" autoComplete="username" value={email} readOnly hidden />
      <PasswordInput
        label="Current password"
        autoComplete="current-password"
        value={values.current}
        onChange={({ currentTarget: { value } }) => setValues({ ...values, current: value })}
        error={errorOf('current')}
      />
      <PasswordInput
        label="New password"
        autoComplete="new-password"
        value={values.next}
        onChange={({ currentTarget: { value } }) => setValues({ ...values, next: value })}
        error={errorOf('next')}
        description={errorOf('next') ? undefined : `At least ${minLength} characters.`}
        inputWrapperOrder={['label', 'input', 'error', 'description']}
      />
      <div className={styles.foot}>
        <Button type="submit" variant="default" loading={isBusy} disabled={!values.current || !values.next}>
          Change password
        </Button>
        {problem && Object.keys(fields).length === 0 && (
          <span role="alert" className={styles.problem}>
            {problem}
          </span>
        )}
      </div>
    </form>
  )
}
