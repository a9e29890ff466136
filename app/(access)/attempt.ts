import { randomUUID } from 'node:crypto'
import { headers } from 'next/headers'
import { type AuthContext, assertSameOrigin } from '@/lib/auth'
import { AdminError } from '@/lib/errors'
import type { FormState } from './form-state'

/**
 * Runs what a form asks for, after making sure that the form was ours.
 * @returns what to tell the person, or undefined where it worked
 */
export async function attempt(
  auth: AuthContext,
  values: Record<string, string>,
  work: () => Promise<unknown>,
): Promise<FormState | undefined> {
  try {
    assertSameOrigin({ headers: await headers() }, auth.env)
    await work()
  } catch (error) {
    if (error instanceof AdminError) return { problem: error.message, fields: error.details.fields, values }
    const reference = randomUUID().slice(0, 8)
    auth.log.warn(`${reference}: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`)
    return { problem: `Something went wrong here. Try again; if it stays, mention the reference ${reference}.`, values }
  }
}

/** One text of a form; whatever else was sent under its name counts as empty. */
export function textOf(form: FormData, name: string): string {
  const value = form.get(name)
  return typeof value === 'string' ? value : ''
}
