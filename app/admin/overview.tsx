import type { MenuView } from '@/lib/admin/view'
import { Icon } from '@/lib/ui/icon'
import { PageLink } from '@/lib/ui/page-link'
import styles from './overview.module.css'

/** Sections and what is in them, with cheap counts. */
export function Overview({ sections }: Pick<MenuView, 'sections'>) {
  return sections.map(({ key, label, items }) => (
    <section key={key} className={styles.section} aria-labelledby={`overview-${key}`}>
      {sections.length > 1 && <h2 id={`overview-${key}`}>{label}</h2>}
      <ul className={styles.cards}>
        {items.map(({ href, label, icon, count }) => (
          <li key={href}>
            <PageLink href={href} className={styles.card}>
              <span className={styles.icon}>
                <Icon name={icon} size={18} />
              </span>
              <span className={styles.words}>
                <span className={styles.label}>{label}</span>
              </span>
              {count && <span className={styles.count}>{count}</span>}
            </PageLink>
          </li>
        ))}
      </ul>
    </section>
  ))
}
