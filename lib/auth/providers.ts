import type { OAuthConfig } from 'next-auth/providers/oauth'
import { z } from 'zod'
import { AdminError } from '@/lib/errors'

/** Another place's account that may be used to sign in. */
export interface AuthProvider {
  id: 'github' | 'google' | 'oidc'
  /** What the button says: "Continue with GitHub". */
  name: string
  clientId: string
  clientSecret: string
  /** The OpenID issuer's address; not for GitHub, which has none. */
  issuer?: string
}

type Source = Readonly<Record<string, string | undefined>>

/**
 * The providers the environment names: `KONTOR_GITHUB_ID/_SECRET`, `KONTOR_GOOGLE_ID/_SECRET`,
 * `KONTOR_OIDC_ISSUER/_ID/_SECRET` and optionally `KONTOR_OIDC_NAME`.
 * @throws AdminError `misconfigured` where only a part of one is given
 */
export function readProviders(source: Source): AuthProvider[] {
  const github = readGroup(source, ['KONTOR_GITHUB_ID', 'KONTOR_GITHUB_SECRET'])
  const google = readGroup(source, ['KONTOR_GOOGLE_ID', 'KONTOR_GOOGLE_SECRET'])
  const oidc = readGroup(source, ['KONTOR_OIDC_ID', 'KONTOR_OIDC_SECRET', 'KONTOR_OIDC_ISSUER'])
  const providers: AuthProvider[] = []
  if (github) providers.push({ id: 'github', name: 'GitHub', clientId: github[0]!, clientSecret: github[1]! })
  if (google) {
    const issuer = 'https://accounts.google.com'
    providers.push({ id: 'google', name: 'Google', clientId: google[0]!, clientSecret: google[1]!, issuer })
  }
  if (oidc) {
    const issuer = oidc[2]!.replace(/\/+$/, '')
    const name = source.KONTOR_OIDC_NAME?.trim() || 'single sign-on'
    providers.push({ id: 'oidc', name, clientId: oidc[0]!, clientSecret: oidc[1]!, issuer })
  }
  return providers
}

function readGroup(source: Source, names: string[]): string[] | undefined {
  const values = names.map((name) => source[name]?.trim() ?? '')
  if (values.every((value) => value === '')) return undefined
  const missing = names.filter((_, index) => values[index] === '')
  if (missing.length === 0) return values
  throw new AdminError('misconfigured', `${missing.join(' and ')} must be set too: ${names.join(', ')} go together.`)
}

const Profile = z.object({
  sub: z.coerce.string().optional(),
  id: z.coerce.string().optional(),
  name: z.string().nullish(),
  login: z.string().optional(),
  email: z.string().nullish(),
  email_verified: z.union([z.boolean(), z.enum(['true', 'false'])]).optional(),
})

/**
 * The address a provider vouches for. Undefined where it only repeats what somebody typed there: taking that would let
 * anybody claim a colleague's address at the provider and sign in as them.
 */
export function verifiedEmail(profile: unknown): string | undefined {
  const { data } = Profile.safeParse(profile)
  const isVerified = data?.email_verified === true || data?.email_verified === 'true'
  return isVerified ? (data.email ?? undefined) : undefined
}

/** The provider as next-auth wants it. */
export function oauthConfig(provider: AuthProvider): OAuthConfig<unknown> {
  const common = {
    id: provider.id,
    name: provider.name,
    type: 'oauth' as const,
    clientId: provider.clientId,
    clientSecret: provider.clientSecret,
    profile(raw: unknown) {
      const data = Profile.parse(raw)
      return { id: data.sub ?? data.id ?? '', name: data.name ?? data.login ?? null, email: data.email ?? null }
    },
  }
  if (provider.id === 'github') return { ...common, ...GITHUB }
  return {
    ...common,
    wellKnown: `${provider.issuer}/.well-known/openid-configuration`,
    authorization: { params: { scope: 'openid email profile' } },
    idToken: true,
    checks: ['pkce', 'state', 'nonce'],
  }
}

const GitHubEmails = z.array(z.object({ email: z.string(), primary: z.boolean(), verified: z.boolean() }))

/** GitHub speaks OAuth without OpenID, and says only in a second answer which address is verified. */
const GITHUB: Partial<OAuthConfig<unknown>> = {
  authorization: { url: 'https://github.com/login/oauth/authorize', params: { scope: 'read:user user:email' } },
  token: 'https://github.com/login/oauth/access_token',
  issuer: 'https://github.com/login/oauth',
  checks: ['state'],
  userinfo: {
    url: 'https://api.github.com/user',
    async request({ client, tokens }) {
      const profile = await client.userinfo(tokens.access_token ?? '')
      const answer = await fetch('https://api.github.com/user/emails', {
        headers: { authorization: `Bearer ${tokens.access_token}`, accept: 'application/vnd.github+json' },
      })
      const emails = answer.ok ? GitHubEmails.parse(await answer.json()) : []
      const verified = emails.find((entry) => entry.primary && entry.verified)
      return { ...profile, email: verified?.email, email_verified: verified !== undefined }
    },
  },
}
