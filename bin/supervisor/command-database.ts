import { runningEmbedded, startEmbedded } from '@/lib/db/embedded'
import { checkServer } from '@/lib/db/server-check'
import { readEnv } from '@/lib/env'

/** The database a command works on. */
export interface CommandDatabase {
  /** The role that owns schema kontor; the application's own where no other was given. */
  ownerUrl: string
  appUrl: string
  /** The application's role by name. */
  appRole: string
  /** It is the embedded one, whose tables belong to us. */
  isEmbedded: boolean
}

/**
 * For the commands beside `npm start`: the database from the environment, or the embedded one, which is started for as
 * long as `work` takes where nobody runs it.
 */
export async function withDatabase<T>(work: (database: CommandDatabase) => Promise<T>): Promise<T> {
  const env = readEnv(process.env, 'start')
  if (env.databaseUrl) {
    const { role } = await checkServer(env.databaseUrl, 'DATABASE_URL')
    if (env.ownerUrl) await checkServer(env.ownerUrl, 'DATABASE_OWNER_URL')
    return work({
      ownerUrl: env.ownerUrl ?? env.databaseUrl,
      appUrl: env.databaseUrl,
      appRole: role,
      isEmbedded: false,
    })
  }
  const running = await runningEmbedded(env.dataDir)
  const server = running ? undefined : await startEmbedded(env.dataDir)
  const urls = running ?? server?.urls
  try {
    return await work({ ownerUrl: urls!.owner, appUrl: urls!.app, appRole: 'kontor_app', isEmbedded: true })
  } finally {
    await server?.stop()
  }
}
