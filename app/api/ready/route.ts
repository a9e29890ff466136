import { systemState } from '@/lib/db/migrate'
import { workerStatus } from '@/lib/db/workers'
import { getRuntime } from '@/lib/runtime'

export const dynamic = 'force-dynamic'

const PATIENCE_MS = 3_000

/** Whether requests should be sent here: 503 while the database does not answer or is not migrated to this version. */
export async function GET(): Promise<Response> {
  const state = await Promise.race([look(), silence()]).catch(() => undefined)
  const isReady = state?.isMigrated === true
  const body = {
    status: isReady ? 'ready' : 'not ready',
    database: state ? (isReady ? 'ok' : 'not migrated') : 'not reachable',
    worker: state ? (state.isWorking ? 'ok' : 'none') : 'unknown',
  }
  return Response.json(body, { status: isReady ? 200 : 503, headers: { 'cache-control': 'no-store' } })
}

async function look() {
  const { db } = await getRuntime()
  const [{ pending }, { alive }] = await Promise.all([systemState(db.sql), workerStatus(db.orm)])
  return { isMigrated: pending.length === 0, isWorking: alive.length > 0 }
}

function silence(): Promise<undefined> {
  return new Promise((resolve) => setTimeout(resolve, PATIENCE_MS))
}
