import type { ListView } from '@/lib/admin/view'
import { PageLink } from '@/lib/ui/page-link'
import { AddFilter } from './add-filter'
import styles from './list-toolbar.module.css'
import { SearchBox } from './search-box'

/** What narrows the list down: the search box, the filters that are set, and the way to another. */
export function ListToolbar({ list: { resource, search, filters, chips, clearHref, query } }: { list: ListView }) {
  const href = resource.href
  return (
    <div className={styles.bar}>
      {search.isOffered && (
        <search className={styles.search}>
          <form action={href} method="get">
            {keptEntries(query).map(([name, value]) => (
              <input key={`${name}=${value}`} type="hidden" name={name} value={value} />
            ))}
            <SearchBox value={search.value} placeholder={search.placeholder} />
          </form>
        </search>
      )}
      {chips.map(({ label, removeHref, field, operator, value }) => (
        <PageLink key={`${field} ${operator} ${value}`} href={removeHref} className={styles.chip}>
          <span className={styles.words}>{label}</span>
          <span aria-hidden="true">×</span>
          <span className={styles.hidden}>, remove this filter</span>
        </PageLink>
      ))}
      {filters.length > 0 && <AddFilter href={href} query={query} filters={filters} at={resource.at} />}
      {clearHref && chips.length > 1 && (
        <PageLink href={clearHref} className={styles.clear}>
          Clear all
        </PageLink>
      )}
    </div>
  )
}

/** What a new search keeps of the address: all but the old words and the page they led to. */
function keptEntries(query: string): [string, string][] {
  return [...new URLSearchParams(query)].filter(([name]) => !['q', 'page', 'after', 'before', 'count'].includes(name))
}
