import styles from './list-skeleton.module.css'

const ROWS = Array.from({ length: 12 }, (_, at) => at)
/** Uneven, as words are. */
const WIDTHS = [72, 54, 88, 61, 79, 66, 92, 58]

/** A list that is still on its way, in the shape it will have. */
export function ListSkeleton() {
  return (
    <div aria-busy="true">
      <p role="status" className={styles.words}>
        Loading the list…
      </p>
      <div className={styles.bar} aria-hidden="true">
        <span className={styles.search} />
        <span className={styles.chip} />
      </div>
      <div className={styles.card} aria-hidden="true">
        <div className={styles.header} />
        {ROWS.map((row) => (
          <div key={row} className={styles.row}>
            <span style={{ width: `${(WIDTHS[row % 8] ?? 60) * 0.3}%` }} />
            <span style={{ width: `${(WIDTHS[(row + 3) % 8] ?? 60) * 0.16}%` }} />
            <span style={{ width: '7%' }} />
            <span style={{ width: '9%' }} />
          </div>
        ))}
      </div>
    </div>
  )
}
