'use server'

import { redirect } from 'next/navigation'
import { completeSetup, signInWithPassword } from '@/lib/auth'
import { requestFacts, setSessionCookie } from '@/lib/auth/request'
import { getRuntime } from '@/lib/runtime'
import { attempt, textOf } from '../attempt'
import type { FormState } from '../form-state'

/** Makes the first administrator and signs them in. */
export async function setUp(_previous: FormState, form: FormData): Promise<FormState> {
  const runtime = await getRuntime()
  const values = { code: textOf(form, 'code'), name: textOf(form, 'name'), email: textOf(form, 'email') }
  const refused = await attempt(runtime, values, async () => {
    const input = { ...values, password: textOf(form, 'password') }
    const from = await requestFacts()
    await completeSetup(runtime, input, from)
    const { sessionId } = await signInWithPassword(runtime, input, from)
    await setSessionCookie(runtime, sessionId)
  })
  if (refused) return refused
  redirect('/admin')
}
