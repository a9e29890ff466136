import type { Metadata } from 'next'
import { notFound } from 'next/navigation'
import { connection } from 'next/server'
import { PASSWORD_MIN_LENGTH, readResetToken } from '@/lib/auth'
import { getRuntime } from '@/lib/runtime'
import styles from '../../access.module.css'
import { type AccessField, AccessForm } from '../../access-form'
import { choosePassword } from './actions'

export const metadata: Metadata = { title: 'Choose a password', robots: 'noindex', referrer: 'same-origin' }

const FIELDS: AccessField[] = [
  {
    name: 'password',
    label: 'New password',
    kind: 'password',
    autoComplete: 'new-password',
    description: `At least ${PASSWORD_MIN_LENGTH} characters.`,
  },
]

export default async function ResetPage({ params }: { params: Promise<{ token: string }> }) {
  await connection()
  const { token } = await params
  const { db, clock } = await getRuntime()
  const person = await readResetToken(db.orm, token, clock.now())
  if (!person) notFound()
  return (
    <>
      <h1>Choose a password</h1>
      <p className={styles.lead}>
        For {person.name}, {person.email}. All other sessions of this account end.
      </p>
      <AccessForm action={choosePassword} fields={FIELDS} submit="Set the password" hidden={{ token }} />
    </>
  )
}
