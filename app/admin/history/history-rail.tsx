import type { RequestContext } from '@/lib/admin'
import type { HistoryView } from '@/lib/admin/history/change-view'
import { ButtonLink } from '@/lib/ui/button/button'
import { PageLink } from '@/lib/ui/page-link'
import { Moment } from '../moment'
import { Difference } from './difference'
import styles from './history.module.css'
import { UndoChange } from './undo-buttons'

interface Props {
  ctx: RequestContext
  history: HistoryView
  /** The record's history page. */
  href: string
  canUndo: boolean
  /** Since when changes are recorded. */
  since?: string
  /** Of versions: the number of the one the page shows. */
  shown?: number
}

const FIELDS_SHOWN = 2
const WORDS = { insert: 'Created', delete: 'Deleted', truncate: 'Emptied', update: 'Changed' } as const

/** The newest changes of a record, beside its form. */
export function HistoryRail({ ctx, history: { changes, next }, href, canUndo, since, shown: current }: Props) {
  return (
    <section aria-label="History">
      <h2 className={styles.title}>{changes[0]?.version === undefined ? 'History' : 'Versions'}</h2>
      {changes.length === 0 ? (
        <p className={styles.quiet}>
          {since ? (
            <>
              No change since recording began, <Moment ctx={ctx} text={since} />.
            </>
          ) : (
            'No change is recorded.'
          )}
        </p>
      ) : (
        <ol className={styles.rail}>
          {changes.map(
            ({ id, op, fields, moreFields, who, source, isOutside, isUndo, at, version, reason, href: record }) => {
              const shown = op === 'update' ? fields.slice(0, FIELDS_SHOWN) : []
              const more = op === 'update' ? fields.length - shown.length + moreFields : 0
              return (
                <li key={id} aria-current={version !== undefined && version === current ? 'true' : undefined}>
                  {shown.length === 0 && WORDS[op]}
                  {shown.map((field) => (
                    <p key={field.label}>
                      <b>{field.label}</b> <Difference change={field} />
                    </p>
                  ))}
                  {more > 0 && <p className={styles.quiet}>and {more} more</p>}
                  {version !== undefined && reason && <p className={styles.quiet}>{reason}</p>}
                  <div className={styles.about}>
                    <Moment ctx={ctx} text={at} /> · {who}
                    <span className={styles.source} data-outside={isOutside || undefined}>
                      {isUndo ? 'undo' : source}
                    </span>
                    {version !== undefined && version !== current && (
                      <PageLink href={`${record}?version=${version}`}>Version {version}</PageLink>
                    )}
                    {version !== undefined && version === current && <span>Version {version}, shown here</span>}
                    {canUndo && version === undefined && op === 'update' && <UndoChange id={id} />}
                  </div>
                </li>
              )
            },
          )}
        </ol>
      )}
      {changes.length > 0 && (
        <ButtonLink size="small" href={href}>
          {!next ? 'Show as a page' : changes[0]?.version === undefined ? 'All changes' : 'All versions'}
        </ButtonLink>
      )}
    </section>
  )
}
