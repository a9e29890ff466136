import { existsSync } from 'node:fs'
import path from 'node:path'
import { readEnv } from '@/lib/env'
import { buildFolder } from './supervisor/build'
import { runForeground } from './supervisor/foreground'
import { choosePort } from './supervisor/port'
import { webArgs } from './supervisor/processes'

/** `npm run web`: the built site alone, for deployments. */
export async function run(): Promise<number> {
  const env = readEnv(process.env, 'web')
  if (!existsSync(path.join(buildFolder(), 'BUILD_ID'))) throw new Error('There is no build yet. Run: npm run build')
  const port = await choosePort(env.host, env.port ?? 3000)
  return runForeground(webArgs('start', env.host, port))
}
