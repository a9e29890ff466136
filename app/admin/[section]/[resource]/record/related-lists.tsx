import type { RelatedListView } from '@/lib/admin/view'
import { buttonClass } from '@/lib/ui/button/button'
import { countWords } from '@/lib/ui/count-words'
import { PageLink } from '@/lib/ui/page-link'
import styles from './related-lists.module.css'

/** What belongs to a record: how many of each, the first of them, the way to all and to a new one. */
export function RelatedLists({ related, locale }: { related: readonly RelatedListView[]; locale: string }) {
  return (
    <section aria-labelledby="related">
      <h2 id="related" className={styles.heading}>
        Related
      </h2>
      <div className={styles.lists}>
        {related.map((list) => (
          <RelatedList key={list.name} list={list} locale={locale} />
        ))}
      </div>
    </section>
  )
}

function RelatedList({
  list: { label, href, newHref, count, rows },
  locale,
}: {
  list: RelatedListView
  locale: string
}) {
  const rest = count.count - rows.length
  return (
    <div className={styles.list}>
      <div className={styles.head}>
        <PageLink href={href} className={styles.label}>
          {label}
          <span className={styles.count}>{countWords(count, locale)}</span>
        </PageLink>
        {newHref && (
          <PageLink href={newHref} className={buttonClass({ size: 'small' })} aria-label={`New in ${label}`}>
            New
          </PageLink>
        )}
      </div>
      {rows.length > 0 && (
        <ul className={styles.rows}>
          {rows.map(({ id, href: to, title, display }) => (
            <li key={id} className={styles.row}>
              {to ? (
                <PageLink href={to} className={styles.title}>
                  {title}
                </PageLink>
              ) : (
                <span className={styles.title}>{title}</span>
              )}
              {display && display !== title && <span className={styles.display}>{display}</span>}
            </li>
          ))}
        </ul>
      )}
      {rows.length > 0 && (rest > 0 || count.kind !== 'exact') && (
        <PageLink href={href} className={styles.more}>
          Show all
        </PageLink>
      )}
    </div>
  )
}
