import type { RequestContext } from '@/lib/admin'
import type { Resource } from '@/lib/admin/tree'
import { getRuntime } from '@/lib/runtime'
import { type StorageObstacle, storageObstacles } from '@/lib/storage'
import { Banner } from '@/lib/ui/banner/banner'
import { isOwner } from './owners'

/** Asked at most this often: what it tells changes only with a migration, or by hand. */
const FRESH_MS = 60_000

const known = new Map<string, { at: number; obstacles: Promise<StorageObstacle[]> }>()

/** Says where a table is not (yet) as its records' storage needs it; nothing for ordinary tables, and where all is well. */
export async function StorageNotice({ ctx, resource }: { ctx: RequestContext; resource: Resource }) {
  if (!resource.storage.setup) return null
  const [obstacle] = await obstaclesOf(resource)
  if (!obstacle) return null
  const consequence =
    resource.storage.kind === 'appendOnly'
      ? 'Nothing can be saved here yet: '
      : 'Records here are not what they should be: '
  return (
    <Banner tone="warn">
      {consequence}
      {isOwner(ctx) ? `${obstacle.message}. ${obstacle.hint ?? ''}` : 'an administrator has to set up their table.'}
    </Banner>
  )
}

async function obstaclesOf({ key, storage }: Resource): Promise<StorageObstacle[]> {
  const { db, clock } = await getRuntime()
  const now = clock.now().getTime()
  const last = known.get(key)
  if (last && now - last.at < FRESH_MS) return last.obstacles
  const obstacles = storageObstacles(db.sql, [storage])
  known.set(key, { at: now, obstacles })
  obstacles.catch(() => known.delete(key))
  return obstacles
}
