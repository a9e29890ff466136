import type { FieldChange } from '@/lib/admin/history/change-view'
import card from '@/lib/ui/card.module.css'
import styles from './last-values.module.css'

/** What a deleted record held when it went, in its form's order. */
export function LastValues({ fields }: { fields: readonly FieldChange[] }) {
  if (fields.length === 0) return null
  return (
    <section className={`${card.card} ${styles.last}`} aria-label="As it was">
      <h2>As it was</h2>
      <dl className={styles.values}>
        {fields.map(({ field, label, before }) => (
          <div key={`${field} ${label}`} data-wide={(before?.length ?? 0) > WIDE || undefined}>
            <dt>{label}</dt>
            <dd>{before}</dd>
          </div>
        ))}
      </dl>
    </section>
  )
}

/** Characters from which a value has a row of its own. */
const WIDE = 60
