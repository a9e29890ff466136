import type { PagerView } from '@/lib/admin/view'
import { ButtonLink } from '@/lib/ui/button/button'
import { toMarkup } from '@/lib/ui/markup'
import { PageLink } from '@/lib/ui/page-link'
import { write } from '@/lib/ui/written'
import { WrittenBox } from '@/lib/ui/written-box'
import styles from './list-pager.module.css'

/** Which rows these are, how many stand on a page, and the way to the others: plain markup. */
export async function ListPager({ pager }: { pager: PagerView }) {
  return <WrittenBox className={styles.tail} written={await write(toMarkup(<Pager pager={pager} />) ?? '')} />
}

function Pager({ pager }: { pager: PagerView }) {
  const { summary, countHref, first, previous, next, last, pages } = pager
  const isOnlyPage = !previous && !next
  return (
    <>
      <span className={styles.summary}>
        {summary}
        {countHref && (
          <PageLink href={countHref} className={styles.count}>
            Count exactly
          </PageLink>
        )}
      </span>
      <Sizes pager={pager} />
      {!isOnlyPage && (
        <nav className={styles.pages} aria-label="Pages">
          {pages.length === 0 && (
            <ButtonLink size="small" href={first} className={styles.edge}>
              First
            </ButtonLink>
          )}
          <ButtonLink size="small" href={previous} rel="prev">
            ‹ Previous
          </ButtonLink>
          {pages.length > 0 && (
            <ol className={styles.numbers}>
              {pages.map((page, at) => (
                <li key={page ? page.page : `gap ${at}`}>
                  {page ? (
                    <PageLink
                      href={page.href}
                      className={styles.number}
                      aria-label={`Page ${page.page}`}
                      aria-current={page.isCurrent ? 'page' : undefined}
                    >
                      {page.page}
                    </PageLink>
                  ) : (
                    <span className={styles.gap}>…</span>
                  )}
                </li>
              ))}
            </ol>
          )}
          <ButtonLink size="small" href={next} rel="next">
            Next ›
          </ButtonLink>
          {pages.length === 0 && (
            <ButtonLink size="small" href={last} className={styles.edge}>
              Last
            </ButtonLink>
          )}
        </nav>
      )}
    </>
  )
}

function Sizes({ pager: { size, sizes } }: { pager: PagerView }) {
  if (sizes.length < 2) return null
  return (
    <span className={styles.sizes}>
      {sizes.map((one) => (
        <PageLink
          key={one.size}
          href={one.href}
          aria-label={`${one.size} a page`}
          aria-current={one.size === size ? 'true' : undefined}
        >
          {one.size}
        </PageLink>
      ))}
      <span aria-hidden="true">a page</span>
    </span>
  )
}
