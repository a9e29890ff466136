import { AdminError } from '@/lib/errors'
import { noteClientAddresses } from './client-address'
import type { AuthContext } from './context'
import { ensureFirstAdministrator } from './first-administrator'

/**
 * What sign-in needs when a web process starts: addresses are noted from the first request on, and somebody is able to
 * sign in. A database that is not there yet is tried again until it is, so that a web process may start before it.
 * @param retryMs how long to wait between two tries
 * @throws AdminError `misconfigured` where the first administrator cannot be made as the environment says
 */
export async function startAuth(auth: Starting, retryMs = 5_000): Promise<void> {
  noteClientAddresses(auth.env.trustedProxies)
  if (await isReady(auth)) return
  const again = () => {
    isReady(auth).then(
      (ready) => ready || setTimeout(again, retryMs).unref(),
      (error: AdminError) => auth.log.warn(error.message),
    )
  }
  setTimeout(again, retryMs).unref()
}

type Starting = Pick<AuthContext, 'db' | 'env' | 'log'>

/** False where the database could not be asked. */
async function isReady({ db, env, log }: Starting): Promise<boolean> {
  try {
    await ensureFirstAdministrator(db, env, log)
    return true
  } catch (error) {
    if (error instanceof AdminError) throw error
    log.warn(`The database does not say yet who may sign in: ${error instanceof Error ? error.message : String(error)}`)
    return false
  }
}
