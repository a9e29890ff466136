import { startSession } from '@/lib/auth/sessions'
import { sealSession } from '@/lib/auth/token'
import type { Database } from '@/lib/db/client'

/**
 * Begins a session of a person without their password.
 * @param secret NEXTAUTH_SECRET of the site that is to know it
 * @returns the `cookie` header that a browser would send to a site without https
 */
export async function sessionCookieFor(db: Database, userId: string, secret: string): Promise<string> {
  const sessionId = await startSession(db.orm, userId, { requestId: 'test', ip: '127.0.0.1' }, new Date())
  return `kontor.session=${await sealSession({ secret }, sessionId)}`
}
