import { pageContext } from '@/app/context'
import { trackedTables } from '@/lib/admin/tracked-tables'
import { type Drift, triggerState } from '@/lib/history'
import { getRuntime } from '@/lib/runtime'
import { Banner } from '@/lib/ui/banner/banner'
import { isOwner } from '../owners'

/** Asked at most this often: what it tells changes only with a migration, or by hand. */
const FRESH_MS = 10_000

let known: { at: number; drifts: Drift[] } | undefined

/** Says which tables are not recorded, or not as the config wants; nothing where all is well. */
export async function RecordingNotice({ relation }: { relation?: string }) {
  const drifts = (await drift()).filter((one) => !relation || one.relation === relation)
  if (drifts.length === 0) return null
  const ctx = await pageContext()
  return (
    <>
      {KINDS.map(([kind, words]) => {
        const concerned = [...new Set(drifts.filter((one) => one.kind === kind).map((one) => one.relation))]
        if (concerned.length === 0) return null
        const what = relation ? 'this table' : concerned.length === 1 ? concerned[0] : `${concerned.length} tables`
        return (
          <Banner key={kind} tone="warn">
            {words(what ?? '')}{' '}
            {isOwner(ctx) ? 'Run npm run migrate -- --tables to mend it.' : 'An administrator can mend it.'}
          </Banner>
        )
      })}
    </>
  )
}

/** What it means for who reads the history; an outdated trigger still records all there is. */
const KINDS: readonly [Drift['kind'], (what: string) => string][] = [
  ['missing', (what) => `Changes of ${what} are not recorded yet.`],
  ['disabled', (what) => `Changes of ${what} go unrecorded: a trigger was disabled by hand.`],
]

async function drift(): Promise<Drift[]> {
  const { admin, db, clock } = await getRuntime()
  const now = clock.now().getTime()
  if (!known || now - known.at > FRESH_MS) known = { at: now, drifts: await triggerState(db.sql, trackedTables(admin)) }
  return known.drifts
}
