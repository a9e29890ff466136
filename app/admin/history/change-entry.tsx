import clsx from 'clsx'
import type { ReactNode } from 'react'
import type { RequestContext } from '@/lib/admin'
import type { ChangeView } from '@/lib/admin/history/change-view'
import { nounAndTitle } from '@/lib/admin/words'
import { PageLink } from '@/lib/ui/page-link'
import tick from '@/lib/ui/tick-box.module.css'
import { Moment } from '../moment'
import { Difference } from './difference'
import styles from './history.module.css'

interface Props {
  ctx: RequestContext
  change: ChangeView
  /** On a record's own page its name need not be said again. */
  isOfRecord?: boolean
  /** What a tick box stands for, where the entry can be picked. */
  pick?: string
  /** Buttons: Undo. */
  children?: ReactNode
}

const VERBS = { insert: 'created', update: 'changed', delete: 'deleted', truncate: 'emptied' } as const

/** One change, or one transaction by its newest: who, how, what, when on one line; the differences beneath. */
export function ChangeEntry({ ctx, change, isOfRecord = false, pick, children }: Props) {
  const { who, source, isOutside, op, fields, moreFields, reason, count, isUniform, isUndo, version } = change
  const number = new Intl.NumberFormat(ctx.locale)
  const many = count > 1000 ? `over ${number.format(1000)}` : number.format(count)
  const isMany = count > 1 && isUniform && change.resource !== undefined
  return (
    <article className={styles.entry}>
      <header className={styles.line}>
        {pick && (
          <input
            type="checkbox"
            className={clsx(tick.box, styles.pick)}
            data-select="row"
            value={pick}
            aria-label={`Select: ${who}, ${VERBS[op]} ${change.title}`}
          />
        )}
        <span className={styles.face} aria-hidden="true">
          {initialsOf(who)}
        </span>
        <b>{who}</b>
        <span className={styles.source} data-outside={isOutside || undefined}>
          {isUndo ? 'undo' : source}
        </span>
        <span className={styles.what}>
          {version !== undefined && version > 1 && op === 'insert' ? 'brought back' : VERBS[op]}{' '}
          {isMany ? (
            <>
              <AllOf change={change}>
                {many} {change.resource?.plural.toLowerCase()}
              </AllOf>
              {change.request ? ' in the background' : ' in one step'}
            </>
          ) : (
            !isOfRecord && <What change={change} />
          )}
          {count > 1 && !isMany && (
            <>
              {' and '}
              <AllOf change={change}>{count > 1000 ? many : count - 1} more</AllOf>
              {change.request ? ' in the background' : ' in the same transaction'}
            </>
          )}
        </span>
        <span className={styles.end}>
          <span className={styles.when}>
            <Moment ctx={ctx} text={change.at} />
          </span>
          {children}
        </span>
      </header>
      {(fields.length > 0 || reason) && (
        <dl className={styles.diff}>
          {fields.map((field, at) => (
            <div key={`${field.field} ${field.label}`}>
              <dt>{field.label}</dt>
              <dd>
                <Difference change={field} />
                {isMany && at === 0 && (
                  <span className={styles.quiet}>
                    {' '}
                    {change.title}, and {count > 1000 ? many : count - 1} more
                  </span>
                )}
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

/** Leads to all that was changed along with it, one by one. */
function AllOf({ change: { tx, request }, children }: { change: ChangeView; children: ReactNode }) {
  const query = new URLSearchParams(request ? { request } : { tx })
  return <PageLink href={`/admin/changes?${query}`}>{children}</PageLink>
}

function What({ change: { resource, relation, title, href, op } }: { change: ChangeView }) {
  if (op === 'truncate') return resource?.plural.toLowerCase() ?? relation
  const said = resource
    ? nounAndTitle(resource, title)
    : { noun: title.startsWith('between') ? 'link' : relation, title }
  return (
    <>
      {said.noun && `${said.noun} `}
      {href ? <PageLink href={href}>{said.title}</PageLink> : said.title}
    </>
  )
}

const initialsOf = (name: string) =>
  (name.match(/[\p{L}\p{N}]+/gu) ?? [])
    .slice(0, 2)
    .map((word) => word.charAt(0).toUpperCase())
    .join('')
