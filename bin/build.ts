import { buildAll } from './supervisor/build'

/** `npm run build`: site and worker; needs no database and no secrets. */
export async function run(): Promise<void> {
  await buildAll()
}
