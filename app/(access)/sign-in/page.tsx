import type { Metadata } from 'next'
import { redirect } from 'next/navigation'
import { hasUsers, readProviders, safeReturnPath } from '@/lib/auth'
import { currentActor } from '@/lib/auth/request'
import { whileReachable } from '@/lib/db/reachability'
import { getRuntime } from '@/lib/runtime'
import { orErrorPage } from '../../page-outcome'
import styles from '../access.module.css'
import { type AccessField, AccessForm } from '../access-form'
import { signIn } from './actions'
import { ProviderButtons } from './provider-buttons'

export const metadata: Metadata = { title: 'Sign in' }

/** Only these: a link from elsewhere must not be able to put its own words on this page. */
const NOTICES: Record<string, string> = {
  'signed-out': 'You are signed out.',
  'password-set': 'Your password is set. Sign in with it.',
}

const PROBLEMS: Record<string, string> = {
  unverified: 'That account has no verified e-mail address. Verify it there, or sign in with your password.',
  unknown_person: 'Nobody active here has that e-mail address. Ask an administrator to add you.',
  unauthenticated: 'The e-mail address or the password is wrong.',
  rate_limited: 'Too many attempts. Wait some minutes and try again.',
}

const FIELDS: AccessField[] = [
  { name: 'email', label: 'E-mail', kind: 'email', autoComplete: 'username' },
  { name: 'password', label: 'Password', kind: 'password', autoComplete: 'current-password' },
]

type Search = Record<string, string | string[] | undefined>

export default async function SignInPage({ searchParams }: { searchParams: Promise<Search> }) {
  const search = await searchParams
  const one = (name: string) => (typeof search[name] === 'string' ? search[name] : undefined)
  const callbackUrl = safeReturnPath(one('callbackUrl'))
  const runtime = await getRuntime()
  if (await orErrorPage(currentActor(runtime))) redirect(callbackUrl)
  if (!(await orErrorPage(whileReachable(runtime.db, hasUsers(runtime.db.orm))))) redirect('/setup')
  const notice = NOTICES[one('notice') ?? '']
  const error = one('error')
  const problem = error ? (PROBLEMS[error] ?? 'Signing in did not work. Try again.') : undefined
  const providers = readProviders(process.env).map(({ id, name }) => ({ id, name }))
  return (
    <>
      <h1>Sign in</h1>
      {notice && (
        <p role="status" className={styles.notice}>
          {notice}
        </p>
      )}
      {problem && (
        <p role="alert" className={styles.problem}>
          {problem}
        </p>
      )}
      <AccessForm action={signIn} fields={FIELDS} submit="Sign in" hidden={{ callbackUrl }} />
      {providers.length > 0 && <ProviderButtons providers={providers} callbackUrl={callbackUrl} />}
    </>
  )
}
