import { pageContext } from '@/app/context'
import { trackedTables } from '@/lib/admin/tracked-tables'
import { triggerState } from '@/lib/history'
import { getRuntime } from '@/lib/runtime'
import { Banner } from '@/lib/ui/banner/banner'
import { isOwner } from '../owners'

/** Asked at most this often: what it tells changes only with a migration. */
const FRESH_MS = 60_000

let known: { at: number; missing: string[] } | undefined

/** Says which tables are not recorded, or not as the config wants; nothing where all is well. */
export async function RecordingNotice({ relation }: { relation?: string }) {
  const missing = await unrecorded()
  const concerned = relation ? missing.filter((name) => name === relation) : missing
  if (concerned.length === 0) return null
  const ctx = await pageContext()
  const what = relation
    ? 'Changes here are'
    : `Changes of ${concerned.length === 1 ? concerned[0] : `${concerned.length} tables`} are`
  return (
    <Banner tone="warn">
      {what} not recorded yet.{' '}
      {isOwner(ctx) ? 'Run npm run migrate -- --tables to begin.' : 'An administrator can switch it on.'}
    </Banner>
  )
}

async function unrecorded(): Promise<string[]> {
  const { admin, db, clock } = await getRuntime()
  const now = clock.now().getTime()
  if (!known || now - known.at > FRESH_MS) {
    const drift = await triggerState(db.sql, trackedTables(admin))
    known = {
      at: now,
      missing: [...new Set(drift.filter(({ kind }) => kind !== 'leftover').map(({ relation }) => relation))],
    }
  }
  return known.missing
}
