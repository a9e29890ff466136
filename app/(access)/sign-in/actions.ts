'use server'

import { redirect } from 'next/navigation'
import { endSession, safeReturnPath, signInWithPassword } from '@/lib/auth'
import { clearSessionCookie, currentSessionId, requestFacts, setSessionCookie } from '@/lib/auth/request'
import { getRuntime } from '@/lib/runtime'
import { attempt, textOf } from '../attempt'
import type { FormState } from '../form-state'

/** Signs in and leads back to the page that was asked for. */
export async function signIn(_previous: FormState, form: FormData): Promise<FormState> {
  const runtime = await getRuntime()
  const email = textOf(form, 'email')
  const refused = await attempt(runtime, { email }, async () => {
    const from = await requestFacts()
    const { sessionId } = await signInWithPassword(runtime, { email, password: textOf(form, 'password') }, from)
    const replaced = await currentSessionId(runtime)
    if (replaced) await endSession(runtime, replaced, from)
    await setSessionCookie(runtime, sessionId)
  })
  if (refused) return refused
  redirect(safeReturnPath(textOf(form, 'callbackUrl')))
}

/** Ends the session, here and in the database. */
export async function signOut(): Promise<void> {
  const runtime = await getRuntime()
  const sessionId = await currentSessionId(runtime)
  if (sessionId) await endSession(runtime, sessionId, await requestFacts())
  await clearSessionCookie(runtime)
  redirect('/sign-in?notice=signed-out')
}
