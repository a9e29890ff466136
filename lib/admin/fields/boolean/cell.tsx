import type { CellView } from '../../view'
import styles from './cell.module.css'

/** A mark with its word for those who hear it: a tick, or a quiet dash. */
export function BooleanCell({ cell }: { cell: CellView }) {
  const isYes = cell.display === 'Yes'
  return (
    <span className={styles.mark} data-yes={isYes || undefined} title={cell.display}>
      <svg viewBox="0 0 16 16" width="16" height="16" aria-hidden="true">
        <path d={isYes ? 'M3.5 8.5l3 3 6-7' : 'M5 8h6'} />
      </svg>
      <span className={styles.word}>{cell.display}</span>
    </span>
  )
}
