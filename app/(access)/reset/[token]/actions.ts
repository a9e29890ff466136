'use server'

import { redirect } from 'next/navigation'
import { endSession, readResetToken, resetPassword } from '@/lib/auth'
import { clearSessionCookie, currentSessionId, requestFacts } from '@/lib/auth/request'
import { transact } from '@/lib/db/transaction'
import { getRuntime } from '@/lib/runtime'
import { attempt, textOf } from '../../attempt'
import type { FormState } from '../../form-state'

/** Sets the password chosen through a link; the person signs in with it afterwards. */
export async function choosePassword(_previous: FormState, form: FormData): Promise<FormState> {
  const runtime = await getRuntime()
  const token = textOf(form, 'token')
  const refused = await attempt(runtime, {}, async () => {
    const now = runtime.clock.now()
    const from = await requestFacts()
    const someone = await currentSessionId(runtime)
    const person = await readResetToken(runtime.db.orm, token, now)
    const actor = person ? `user:${person.userId}` : 'nobody'
    await transact(runtime.db.orm, { actor, source: 'reset', requestId: from.requestId }, (tx) =>
      resetPassword(tx, token, textOf(form, 'password'), now),
    )
    if (someone) await endSession(runtime, someone, from)
    await clearSessionCookie(runtime)
  })
  if (refused) return refused
  redirect('/sign-in?notice=password-set')
}
