import type { CellView } from '../../view'
import styles from './cell.module.css'

/** A status: a word with a dot, never colour alone. */
export function StatusCell({ cell }: { cell: CellView }) {
  return (
    <span className={styles.status} data-tone={cell.tone} title={cell.full ?? cell.title}>
      {cell.display}
    </span>
  )
}
