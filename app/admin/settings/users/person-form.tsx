'use client'

import { Button, NativeSelect, TextInput } from '@mantine/core'
import { type FormEvent, useState } from 'react'
import type { ActionResult } from '@/lib/admin/view'
import styles from '../settings.module.css'
import { useSettingsAction } from '../use-settings-action'

export interface PersonValues {
  name: string
  email: string
  role: string
}

interface Props<T> {
  initial: PersonValues
  roles: readonly string[]
  submit: string
  save: (values: PersonValues) => Promise<ActionResult<T>>
  onSaved: (value: T, values: PersonValues) => void
}

/** Who somebody is and what they may do. */
export function PersonForm<T>({ initial, roles, submit, save, onSaved }: Props<T>) {
  const [values, setValues] = useState(initial)
  const { isBusy, run, problem, fields, errorOf } = useSettingsAction()
  const set = (name: keyof PersonValues, value: string) => setValues({ ...values, [name]: value })

  function onSubmit(event: FormEvent) {
    event.preventDefault()
    run(
      () => save(values),
      (value) => onSaved(value, values),
    )
  }

  return (
    <form method="post" className={styles.stack} onSubmit={onSubmit} noValidate>
      <TextInput
        label="Name"
        data-autofocus
        autoComplete="off"
        value={values.name}
        onChange={({ currentTarget: { value } }) => set('name', value)}
        error={errorOf('name')}
      />
      <TextInput
        label="E-mail"
        type="email"
        autoComplete="off"
        value={values.email}
        onChange={({ currentTarget: { value } }) => set('email', value)}
        error={errorOf('email')}
      />
      <NativeSelect
        label="Role"
        data={[...roles]}
        value={values.role}
        onChange={({ currentTarget: { value } }) => set('role', value)}
        error={errorOf('role')}
      />
      {problem && Object.keys(fields).length === 0 && (
        <p role="alert" className={styles.problem}>
          {problem}
        </p>
      )}
      <Button type="submit" loading={isBusy}>
        {submit}
      </Button>
    </form>
  )
}
