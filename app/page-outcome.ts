import { forbidden, notFound, redirect, unstable_rethrow } from 'next/navigation'
import type { Operation } from '@/lib/admin/context'
import { AdminError } from '@/lib/errors'
import { reportError } from './report'

/** What a page was about to show, for the sentence somebody reads who may not. */
export interface Attempted {
  /** 'catalogue/products' */
  resource: string
  operation: Operation
}

/**
 * Waits for what a page needs and turns a refusal into the page's answer, before anything is drawn: what is not there
 * answers 404; who may not see it is led home, which says so; anything else draws the error page with its reference.
 */
export async function forPage<T>(work: Promise<T>, attempted: Attempted): Promise<T> {
  try {
    return await work
  } catch (error) {
    unstable_rethrow(error)
    if (error instanceof AdminError && error.code === 'not_found') notFound()
    if (error instanceof AdminError && error.code === 'forbidden') redirect(refusedAddress(attempted))
    throw await pageError(error)
  }
}

/** Waits for what even a page that refuses nobody needs: where it fails, the error page says why as far as people may know. */
export async function orErrorPage<T>(work: Promise<T>): Promise<T> {
  try {
    return await work
  } catch (error) {
    unstable_rethrow(error)
    throw await pageError(error)
  }
}

/** For pages of the site itself, which belong to no resource's list: the not-allowed page with status 403. */
export function notAllowed(): never {
  forbidden()
}

/** Home, told what was refused; home makes the sentence itself, so that no link can put words there. */
function refusedAddress({ resource, operation }: Attempted): string {
  return `/admin?refused=${encodeURIComponent(`${operation}:${resource}`)}`
}

/**
 * An error as error.tsx receives it. In production Next hands on nothing of an error but its digest: ours carries the
 * code and the reference under which the cause was logged.
 */
async function pageError(error: unknown): Promise<Error> {
  if (error instanceof Error && 'digest' in error) return error // said already, by whoever met it first
  const { code, message, reference } = await reportError(error)
  return Object.assign(new Error(message), { digest: `KONTOR;${code};${reference ?? ''}` })
}
