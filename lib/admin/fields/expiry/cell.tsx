import type { CellView } from '../../view'
import styles from './cell.module.css'

/** What a record has left, as of when the page was made; `Countdowns` counts it down. */
export function ExpiryCell({ cell }: { cell: CellView }) {
  return (
    <time
      className={styles.left}
      dateTime={cell.text?.replace(' ', 'T')}
      data-left={cell.remainingMs}
      title={cell.title}
    >
      {cell.display}
    </time>
  )
}
