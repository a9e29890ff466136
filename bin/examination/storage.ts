import { readAdmin } from '@/lib/runtime'
import { storageObstacles } from '@/lib/storage'
import { type Check, ok, problem } from './finding'

/** Whether the tables of append-only and ephemeral records are as their storage needs them. */
export const checkStorages: Check = async ({ app }) => {
  const storages = [...readAdmin().admin.resources.values()].map(({ storage }) => storage)
  const special = storages.filter(({ setup }) => setup)
  if (special.length === 0) return []
  // Tables that are not there yet are the migrations' to bring.
  const obstacles = (await storageObstacles(app, special)).filter(({ isAbsent }) => !isAbsent)
  if (obstacles.length > 0) return obstacles.map(({ message, hint }) => problem(`${message}.`, hint ?? ''))
  return [ok('Tables that keep versions or let records expire are set up')]
}
