import type { Metadata } from 'next'
import { redirect } from 'next/navigation'
import { connection } from 'next/server'
import { hasUsers, PASSWORD_MIN_LENGTH } from '@/lib/auth'
import { getRuntime } from '@/lib/runtime'
import styles from '../access.module.css'
import { type AccessField, AccessForm } from '../access-form'
import { setUp } from './actions'

export const metadata: Metadata = { title: 'Set up' }

const FIELDS: AccessField[] = [
  { name: 'code', label: 'One-time code', kind: 'code', autoComplete: 'one-time-code' },
  { name: 'name', label: 'Your name', kind: 'text', autoComplete: 'name' },
  { name: 'email', label: 'E-mail', kind: 'email', autoComplete: 'username' },
  {
    name: 'password',
    label: 'Password',
    kind: 'password',
    autoComplete: 'new-password',
    description: `At least ${PASSWORD_MIN_LENGTH} characters.`,
  },
]

/** Open only while nobody can sign in. */
export default async function SetupPage() {
  await connection()
  const runtime = await getRuntime()
  if (await hasUsers(runtime.db.orm)) redirect('/sign-in')
  return (
    <>
      <h1>Set up</h1>
      <p className={styles.lead}>
        Nobody can sign in yet. Enter the code printed in the server’s log to become the first administrator. Starting
        the server again prints a new one.
      </p>
      <AccessForm action={setUp} fields={FIELDS} submit="Create the administrator" />
    </>
  )
}
