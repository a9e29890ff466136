import type { RequestContext } from '@/lib/admin'
import { loadStep } from '@/lib/admin/history/load-history'
import { ButtonLink } from '@/lib/ui/button/button'
import card from '@/lib/ui/card.module.css'
import { EmptyState } from '@/lib/ui/empty-state/empty-state'
import { Icon } from '@/lib/ui/icon'
import { Page, PageHead } from '@/lib/ui/page/page'
import { ChangeEntry } from '../history/change-entry'
import styles from '../history/history.module.css'
import { UndoChange, UndoRequestOf, UndoTransaction } from '../history/undo-buttons'
import { UndoSelection } from '../history/undo-selection'

interface Props {
  ctx: RequestContext
  /** A transaction, or all that one request made in however many. */
  step: { tx: string } | { request: string }
  cursor?: string
}

const ACTIVITY = '/admin/changes'
const SHOWN = 50

/** What was changed in one go, change by change, in the order in which it was. */
export async function Step({ ctx, step, cursor }: Props) {
  const { changes, next } = await loadStep(ctx, step, { cursor, limit: SHOWN })
  const path = `${ACTIVITY}?${new URLSearchParams(step)}`
  const canUndo = changes.some((change) => change.canUndo)
  // How many there are nobody counts: it matters only whether it is more than one.
  const count = next || cursor ? Number.POSITIVE_INFINITY : changes.length
  return (
    <Page
      title="Changed together"
      path={[{ label: 'System' }, { label: 'Activity', href: ACTIVITY }, { label: 'Changed together' }]}
    >
      <PageHead
        title="Changed together"
        description={
          'tx' in step
            ? 'Every change of one transaction, in the order they were made.'
            : 'Every change of one action or job, in the order they were made.'
        }
      >
        {canUndo &&
          ('tx' in step ? (
            <UndoTransaction tx={step.tx} count={count} size="normal" />
          ) : (
            <UndoRequestOf request={step.request} count={count} size="normal" />
          ))}
      </PageHead>
      <section className={card.card}>
        {changes.length === 0 && (
          <EmptyState icon={<Icon name="rotate-ccw-clock" size={22} />} title="Nothing to see">
            No change of it is in the history, or none that you may see.
          </EmptyState>
        )}
        {changes.map((change) => (
          <ChangeEntry key={change.id} ctx={ctx} change={change} pick={change.canUndo ? change.id : undefined}>
            {change.canUndo && <UndoChange id={change.id} />}
          </ChangeEntry>
        ))}
        {(next || cursor) && (
          <div className={styles.tail}>
            <span className={styles.grow} />
            {cursor && (
              <ButtonLink size="small" href={path}>
                « First
              </ButtonLink>
            )}
            <ButtonLink size="small" href={next ? `${path}&before=${next}` : undefined}>
              More ›
            </ButtonLink>
          </div>
        )}
      </section>
      <UndoSelection of="ids" />
    </Page>
  )
}
