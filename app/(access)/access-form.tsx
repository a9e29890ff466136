'use client'

import { Button, PasswordInput, TextInput } from '@mantine/core'
import { useActionState, useEffect, useRef } from 'react'
import styles from './access.module.css'
import type { FormState } from './form-state'

export interface AccessField {
  name: string
  label: string
  kind: 'text' | 'email' | 'password' | 'code'
  autoComplete: string
  description?: string
}

interface Props {
  action: (previous: FormState, form: FormData) => Promise<FormState>
  fields: AccessField[]
  submit: string
  /** Sent along unseen. */
  hidden?: Record<string, string>
}

/** A short form that works before (and without) its script, keeps what was typed, and leads to the first mistake. */
export function AccessForm({ action, fields, submit, hidden = {} }: Props) {
  const [state, send, isPending] = useActionState(action, {})
  const form = useRef<HTMLFormElement>(null)

  useEffect(() => {
    if (!state.problem) return
    const wrong = form.current?.querySelector<HTMLElement>('[aria-invalid="true"]')
    const password = form.current?.querySelector<HTMLElement>('[data-secret]')
    ;(wrong ?? password)?.focus()
  }, [state])

  const hasFieldErrors = Object.keys(state.fields ?? {}).length > 0
  return (
    <form ref={form} action={send} className={styles.form} noValidate>
      <div role="alert" hidden={!state.problem || hasFieldErrors} className={styles.problem}>
        {hasFieldErrors ? '' : state.problem}
      </div>
      {Object.entries(hidden).map(([name, value]) => (
        <input key={name} type="hidden" name={name} value={value} />
      ))}
      {fields.map((field, index) => (
        <Field key={field.name} field={field} state={state} autoFocus={index === 0} />
      ))}
      <Button type="submit" loading={isPending} fullWidth>
        {submit}
      </Button>
    </form>
  )
}

function Field({ field, state, autoFocus }: { field: AccessField; state: FormState; autoFocus: boolean }) {
  const { name, label, kind, autoComplete, description } = field
  const common = { name, label, autoComplete, description, autoFocus, required: true, withAsterisk: false }
  const error = state.fields?.[name]?.join(' ')
  const inputWrapperOrder = ['label' as const, 'input' as const, 'error' as const, 'description' as const]
  if (kind === 'password') {
    return <PasswordInput {...common} inputWrapperOrder={inputWrapperOrder} error={error} data-secret="" />
  }
  return (
    <TextInput
      {...common}
      inputWrapperOrder={inputWrapperOrder}
      error={error}
      type={kind === 'email' ? 'email' : 'text'}
      className={kind === 'code' ? styles.code : undefined}
      spellCheck={kind === 'text'}
      autoCapitalize={kind === 'code' ? 'characters' : kind === 'email' ? 'none' : undefined}
      defaultValue={state.values?.[name]}
    />
  )
}
