'use client'

import { Button, Select, TextInput } from '@mantine/core'
import { type FormEvent, useState } from 'react'
import { saveAccount } from '../actions'
import styles from '../settings.module.css'
import { useSettingsAction } from '../use-settings-action'

interface Props {
  name: string
  /** Empty: as the site has it. */
  locale: string
  timeZone: string
  site: { locale: string; timeZone: string }
  timeZones: string[]
}

export function ProfileForm({ site, timeZones, ...given }: Props) {
  const [values, setValues] = useState(given)
  const { isBusy, run, problem, fields, errorOf } = useSettingsAction()
  const set = (name: keyof typeof values) => (value: string | null) => setValues({ ...values, [name]: value ?? '' })

  function submit(event: FormEvent) {
    event.preventDefault()
    run(() => saveAccount(values))
  }

  return (
    <form method="post" className={styles.form} onSubmit={submit} noValidate>
      <TextInput
        className={styles.wide}
        label="Name"
        autoComplete="name"
        value={values.name}
        onChange={({ currentTarget: { value } }) => set('name')(value)}
        error={errorOf('name')}
      />
      <TextInput
        label="Language"
        placeholder={`as the site: ${site.locale}`}
        value={values.locale}
        onChange={({ currentTarget: { value } }) => set('locale')(value)}
        error={errorOf('locale')}
        description={errorOf('locale') ? undefined : 'How dates and numbers are written: en, en-GB, de-AT …'}
        inputWrapperOrder={['label', 'input', 'error', 'description']}
      />
      <Select
        label="Time zone"
        placeholder={`as the site: ${site.timeZone}`}
        data={timeZones}
        searchable
        clearable
        limit={60}
        value={values.timeZone || null}
        onChange={set('timeZone')}
        error={errorOf('timeZone')}
        clearButtonProps={{ 'aria-label': 'Use the site’s time zone' }}
      />
      <div className={styles.foot}>
        <Button type="submit" loading={isBusy}>
          Save
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
