import type { CellView } from '../../view'
import styles from '../cell.module.css'

/** A moment as it is spoken of, with the exact one on hover. */
export function MomentCell({ cell }: { cell: CellView }) {
  return (
    <time className={styles.number} dateTime={cell.text?.replace(' ', 'T')} title={cell.title}>
      {cell.display}
    </time>
  )
}
