import type { CellView } from '../../view'
import styles from '../cell.module.css'

export function EmailCell({ cell }: { cell: CellView }) {
  return (
    <a className={styles.link} href={`mailto:${encodeURIComponent(cell.text ?? '').replace('%40', '@')}`}>
      {cell.display}
    </a>
  )
}
