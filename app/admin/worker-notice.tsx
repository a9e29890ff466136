import { workerStatus } from '@/lib/db/workers'
import { getRuntime } from '@/lib/runtime'
import { Banner } from '@/lib/ui/banner/banner'

/** Says when nobody is there to carry anything out; nothing otherwise. */
export async function WorkerNotice() {
  const { db } = await getRuntime()
  const { alive, silentForSeconds } = await workerStatus(db.orm)
  if (alive.length > 0) return null
  return (
    <Banner tone="warn">
      No worker {silentForSeconds === null ? 'is running' : `has been seen for ${spanWords(silentForSeconds)}`}, so
      nothing is carried out until one is. Nothing is lost meanwhile. Start it with <code>npm run worker</code>.
    </Banner>
  )
}

function spanWords(seconds: number): string {
  const minutes = Math.round(seconds / 60)
  if (seconds < 120) return `${seconds} seconds`
  return minutes < 120 ? `${minutes} minutes` : `${Math.round(minutes / 60)} hours`
}
