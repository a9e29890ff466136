export { changeOwnPassword } from './account'
export { clientAddress, noteClientAddresses } from './client-address'
export type { AuthContext, AuthEnv, AuthLog, PersonActor, RequestFacts, SiteEnv } from './context'
export { createDemoUsers, DEMO_USERS, type DemoUser } from './demo-users'
export { addGivenAdministrator, completeSetup, ensureFirstAdministrator, type SetupInput } from './first-administrator'
export { endSession, nextAuthOptions } from './next-auth'
export { assertSameOrigin } from './origin'
export { assertPassword, hashPassword, PASSWORD_MIN_LENGTH, passwordProblems } from './passwords'
export { type AuthProvider, readProviders } from './providers'
export { limitsOf } from './rate-limits'
export { requestIdOf } from './request-id'
export { makeResetLink, type ResetLink, readResetToken, resetPassword } from './resets'
export { securityHeaders } from './security-headers'
export {
  findActor,
  findActors,
  findPerson,
  listSessions,
  revokeSession,
  revokeSessionsOf,
  type SessionInfo,
  startSession,
  sweepAuth,
} from './sessions'
export { signInWithPassword } from './sign-in'
export { safeReturnPath, siteUrl } from './site'
export { startAuth } from './start'
export { passwordResets, sessions, users } from './tables'
export { assertOwnerRemains, hasUsers, OWNER_ROLE } from './users'
