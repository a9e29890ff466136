import { pageContext } from '@/app/context'
import type { Drift } from '@/lib/history'
import { Banner } from '@/lib/ui/banner/banner'
import { isOwner } from '../owners'
import { findDrift } from './recording'

/** Says which tables are not recorded, or not as the config wants; nothing where all is well. */
export async function RecordingNotice({ relation }: { relation?: string }) {
  const drifts = await findDrift(relation)
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
