import type { AuthOptions, Session } from 'next-auth'
import Credentials from 'next-auth/providers/credentials'
import { z } from 'zod'
import { transact } from '@/lib/db/transaction'
import { AdminError } from '@/lib/errors'
import type { AuthContext, AuthEnv, RequestFacts } from './context'
import { type AuthProvider, oauthConfig, verifiedEmail } from './providers'
import { findActor, revokeSession } from './sessions'
import { type SignedIn, signInVouched, signInWithPassword } from './sign-in'
import { cookiePath, isSecure, siteUrl } from './site'
import { SESSION_LIFETIME_MS, sessionCookie } from './token'

const Typed = z.object({ email: z.string().catch(''), password: z.string().catch('') })
const Claims = z.object({ sid: z.uuid() })

/**
 * next-auth's options for one request. Made anew each time: the callbacks of one sign-in hand the session they began to
 * each other through the closure, and the session remembers where the request came from.
 */
export function nextAuthOptions(
  auth: AuthContext,
  from: RequestFacts,
  providers: readonly AuthProvider[] = [],
): AuthOptions {
  let signedIn: SignedIn | undefined
  const signInPage = `${siteUrl(auth.env)}/sign-in`
  return {
    secret: auth.env.secret,
    session: { strategy: 'jwt', maxAge: SESSION_LIFETIME_MS / 1000 },
    useSecureCookies: isSecure(auth.env),
    cookies: cookies(auth.env),
    pages: { signIn: signInPage, signOut: signInPage, error: signInPage },
    logger: {
      error: (code) => auth.log.warn(`next-auth: ${code} (request ${from.requestId})`),
      warn: () => {},
      debug: () => {},
    },
    providers: [
      Credentials({
        credentials: { email: {}, password: {} },
        async authorize(credentials) {
          // Only the code goes into the address of the sign-in page, which has the words for it.
          signedIn = await signInWithPassword(auth, Typed.parse(credentials ?? {}), from).catch((error: unknown) => {
            throw new Error(error instanceof AdminError ? error.code : 'unexpected')
          })
          return { id: signedIn.userId }
        },
      }),
      ...providers.map(oauthConfig),
    ],
    callbacks: {
      async signIn({ account, profile }) {
        if (account?.type === 'credentials') return true
        const email = verifiedEmail(profile)
        if (!email) return `${signInPage}?error=unverified`
        try {
          signedIn = await signInVouched(auth, email, from)
        } catch (error) {
          if (error instanceof AdminError && error.code === 'forbidden') return `${signInPage}?error=unknown_person`
          throw error
        }
        return true
      },
      jwt: ({ token }) => ({ sid: signedIn?.sessionId ?? token.sid }),
      async session({ session, token }) {
        const sid = Claims.safeParse(token).data?.sid
        const actor = sid ? await findActor(auth.db.orm, sid, auth.clock.now()) : undefined
        // An empty answer is how next-auth says "nobody".
        if (!actor) return {} as Session
        return { expires: session.expires, user: { name: actor.name, email: actor.email } }
      },
      redirect: ({ url, baseUrl }) => (isWithin(url, baseUrl) ? new URL(url, baseUrl).href : siteUrl(auth.env)),
    },
    events: {
      async signOut({ token }) {
        const sid = Claims.safeParse(token).data?.sid
        if (sid) await endSession(auth, sid, from)
      },
    },
  }
}

/** Ends the session of a person who signs out. */
export async function endSession(auth: AuthContext, sessionId: string, from: RequestFacts): Promise<void> {
  const actor = await findActor(auth.db.orm, sessionId, auth.clock.now())
  if (!actor) return
  await transact(auth.db.orm, { actor: actor.id, source: 'sign-out', requestId: from.requestId }, (tx) =>
    revokeSession(tx, sessionId, auth.clock.now()),
  )
}

function isWithin(url: string, baseUrl: string): boolean {
  return URL.canParse(url, baseUrl) && new URL(url, baseUrl).origin === new URL(baseUrl).origin
}

/** Named for Kontor and limited to its path, so that other next-auth sites on the same host keep theirs. */
function cookies(env: AuthEnv): AuthOptions['cookies'] {
  const secure = isSecure(env)
  const options = { httpOnly: true, sameSite: 'lax' as const, secure, path: cookiePath(env) }
  const named = (name: string, maxAge?: number) => ({
    name: `${secure ? '__Secure-' : ''}kontor.${name}`,
    options: maxAge ? { ...options, maxAge } : options,
  })
  const fifteenMinutes = 15 * 60
  return {
    sessionToken: sessionCookie(env),
    callbackUrl: named('callback-url'),
    csrfToken: named('csrf'),
    pkceCodeVerifier: named('pkce', fifteenMinutes),
    state: named('state', fifteenMinutes),
    nonce: named('nonce', fifteenMinutes),
  }
}
