import type { Database } from '@/lib/db/client'

/** The part of the environment (`lib/env.ts`) sign-in needs. */
export interface AuthEnv {
  /** Where people reach the site (NEXTAUTH_URL); may have a sub-path. Undefined: `http://{host}:{port}`. */
  siteUrl?: string
  host?: string
  port?: number
  /** Encrypts session cookies (NEXTAUTH_SECRET). */
  secret: string
  /** The first administrator's address and password, where the deployer gave them. */
  adminEmail?: string
  adminPassword?: string
  /** How many proxies of ours stand in front, each of which appends to X-Forwarded-For. Default 0: none is believed. */
  trustedProxies?: number
}

/** What an address on this site is made from. */
export type SiteEnv = Pick<AuthEnv, 'siteUrl' | 'host' | 'port'>

export interface AuthLog {
  info(message: string): void
  warn(message: string): void
}

/** What the functions of this domain are told first; the Runtime has all of it. */
export interface AuthContext {
  db: Database
  env: AuthEnv
  clock: { now(): Date }
  log: AuthLog
}

/** Where a request came from: kept with the session so that a person can recognise it. */
export interface RequestFacts {
  requestId: string
  ip?: string
  userAgent?: string
}

/** A signed-in person, as the database knew them when the request began. */
export interface PersonActor {
  /** `user:<uuid>`, as the change log keeps it. */
  id: string
  userId: string
  sessionId: string
  name: string
  email: string
  role: string
  /** Null: as the site's or the browser's. */
  locale: string | null
  timeZone: string | null
}
