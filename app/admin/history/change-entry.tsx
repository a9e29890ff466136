import type { ReactNode } from 'react'
import type { RequestContext } from '@/lib/admin'
import type { ChangeView } from '@/lib/admin/history/change-view'
import { PageLink } from '@/lib/ui/page-link'
import { Moment } from '../moment'
import { Difference } from './difference'
import styles from './history.module.css'

interface Props {
  ctx: RequestContext
  change: ChangeView
  /** On a record's own page its name need not be said again. */
  isOfRecord?: boolean
  /** Buttons: Undo. */
  children?: ReactNode
}

const VERBS = { insert: 'created', update: 'changed', delete: 'deleted', truncate: 'emptied' } as const

/** One change, or one transaction by its newest: who, how, what, when on one line; the differences beneath. */
export function ChangeEntry({ ctx, change, isOfRecord = false, children }: Props) {
  const { who, source, isOutside, op, fields, moreFields, reason, count, isUndo } = change
  return (
    <article className={styles.entry}>
      <header className={styles.line}>
        <span className={styles.face} aria-hidden="true">
          {initialsOf(who)}
        </span>
        <b>{who}</b>
        <span className={styles.source} data-outside={isOutside || undefined}>
          {isUndo ? 'undo' : source}
        </span>
        <span className={styles.what}>
          {VERBS[op]} {!isOfRecord && <What change={change} />}
          {count > 1 && ` and ${count > 1000 ? 'over 1,000' : count - 1} more in the same transaction`}
        </span>
        <span className={styles.grow} />
        <span className={styles.when}>
          <Moment ctx={ctx} text={change.at} />
        </span>
        {children}
      </header>
      {(fields.length > 0 || reason) && (
        <dl className={styles.diff}>
          {fields.map((field) => (
            <div key={`${field.field} ${field.label}`}>
              <dt>{field.label}</dt>
              <dd>
                <Difference change={field} />
              </dd>
            </div>
          ))}
          {moreFields > 0 && (
            <div>
              <dt />
              <dd className={styles.quiet}>
                {moreFields === 1 ? 'and 1 more field' : `and ${moreFields} more fields`}
              </dd>
            </div>
          )}
          {reason && (
            <div>
              <dt>Reason</dt>
              <dd>{reason}</dd>
            </div>
          )}
        </dl>
      )}
    </article>
  )
}

function What({ change: { resource, relation, title, href, op } }: { change: ChangeView }) {
  const noun = resource?.singular.toLowerCase() ?? relation
  if (op === 'truncate') return resource?.plural.toLowerCase() ?? relation
  return (
    <>
      {noun} {href ? <PageLink href={href}>{title}</PageLink> : title}
    </>
  )
}

const initialsOf = (name: string) =>
  name
    .split(/[\s:_-]+/)
    .slice(0, 2)
    .map((word) => word.charAt(0).toUpperCase())
    .join('')
