'use server'

import { revalidatePath } from 'next/cache'
import { z } from 'zod'
import { updateRecord } from '@/lib/admin'
import {
  changePassword,
  endOtherSessions,
  endOwnSession,
  invitePerson,
  peopleOf,
  renewLink,
} from '@/lib/admin/operations/people'
import type { ActionResult } from '@/lib/admin/view'
import { invalid } from '@/lib/errors'
import { getRuntime } from '@/lib/runtime'
import { actionContext } from '../../context'
import { answer } from '../../report'

const text = z.string().trim().max(300)
const orNothing = text.transform((value) => (value === '' ? null : value))

const invitation = z.object({ name: orNothing, email: orNothing, role: orNothing })
const personChange = z.object({
  id: text,
  values: z.object({ name: orNothing, email: orNothing, role: orNothing, status: orNothing }).partial(),
})
const accountChange = z.object({ name: orNothing, locale: orNothing, timeZone: orNothing })
const passwords = z.object({ current: z.string().max(1000), next: z.string().max(1000) })
const one = z.object({ id: text })

/** Adds a person; the answer holds the link by which they choose a password. */
export async function addPerson(input: unknown): Promise<ActionResult<{ url: string }>> {
  return answer(async () => {
    const person = parse(invitation, input)
    const { env } = await getRuntime()
    const { url } = await invitePerson(await actionContext('form'), env, person)
    revalidatePath('/admin/settings/users')
    return { message: `${person.name} was added. Give them this link; it works once, for a day.`, value: { url } }
  })
}

/** Changes a person's name, address, role or status. */
export async function changePerson(input: unknown): Promise<ActionResult<null>> {
  return answer(async () => {
    const { id, values } = parse(personChange, input)
    const ctx = await actionContext('form')
    const { row } = await updateRecord({ ctx }, peopleOf(ctx), id, { values })
    revalidatePath('/admin', 'layout')
    return { message: `${row.texts.name} was changed.`, value: null }
  })
}

/** A new link for somebody who forgot their password. */
export async function makeLink(input: unknown): Promise<ActionResult<{ url: string }>> {
  return answer(async () => {
    const { id } = parse(one, input)
    const { env } = await getRuntime()
    const { url } = await renewLink(await actionContext('form'), env, id)
    return { message: 'The link works once, for a day. It replaces any made before.', value: { url } }
  })
}

/** Changes how the site addresses the person who asks: name, language, time zone. */
export async function saveAccount(input: unknown): Promise<ActionResult<null>> {
  return answer(async () => {
    const values = parse(accountChange, input)
    const ctx = await actionContext('form')
    await updateRecord({ ctx }, peopleOf(ctx), ctx.actor.userId ?? '', { values })
    revalidatePath('/admin', 'layout')
    return { message: 'Your account was saved.', value: null }
  })
}

export async function savePassword(input: unknown): Promise<ActionResult<null>> {
  return answer(async () => {
    const given = parse(passwords, input)
    const { db } = await getRuntime()
    const ended = await changePassword(await actionContext('form'), db, given)
    revalidatePath('/admin/settings/account')
    return {
      message: ended > 0 ? `Password changed. ${ended} other sessions ended.` : 'Password changed.',
      value: null,
    }
  })
}

/** Signs the person out somewhere else. */
export async function endSession(input: unknown): Promise<ActionResult<null>> {
  return answer(async () => {
    const { id } = parse(one, input)
    await endOwnSession(await actionContext('form'), id)
    revalidatePath('/admin/settings/account')
    return { message: 'The session has ended.', value: null }
  })
}

export async function endOthers(): Promise<ActionResult<null>> {
  return answer(async () => {
    const ended = await endOtherSessions(await actionContext('form'))
    revalidatePath('/admin/settings/account')
    return { message: `${ended} other sessions ended.`, value: null }
  })
}

function parse<T>(schema: z.ZodType<T>, input: unknown): T {
  const result = schema.safeParse(input)
  if (result.success) return result.data
  throw invalid(`The request is malformed: ${z.prettifyError(result.error)}`)
}
