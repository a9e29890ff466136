import type postgres from 'postgres'
import { pageContext } from '@/app/context'
import { trackedTables } from '@/lib/admin/tracked-tables'
import { keep } from '@/lib/db/kept'
import { type Drift, type TrackedTable, triggerState } from '@/lib/history'
import { getRuntime } from '@/lib/runtime'
import { Banner } from '@/lib/ui/banner/banner'
import { isOwner } from '../owners'

/** Every table costs two statements: all of them are looked at less often than the one whose page is open. */
const ALL_MS = 20_000
const ONE_MS = 10_000

const load = (sql: postgres.Sql, { tables, relation }: { tables: readonly TrackedTable[]; relation?: string }) =>
  triggerState(sql, tables, relation)
const driftOfAll = keep({ ms: ALL_MS, load })
const driftOfOne = keep({ ms: ONE_MS, load, keyOf: ({ relation }) => relation ?? '' })

/** Says which tables are not recorded, or not as the config wants; nothing where all is well. */
export async function RecordingNotice({ relation }: { relation?: string }) {
  const { admin, db } = await getRuntime()
  const asked = { tables: trackedTables(admin), relation }
  const found = await (relation ? driftOfOne : driftOfAll)(db.sql, asked)
  const drifts = found.filter((one) => !relation || one.relation === relation)
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
