import type { CellView } from '../../view'
import styles from './cell.module.css'
import { isColour } from './colour'

/** The colour itself beside its number; what is no colour stays text and never reaches a style. */
export function ColourCell({ cell }: { cell: CellView }) {
  const text = cell.text ?? ''
  return (
    <span className={styles.colour}>
      {isColour(text) && <span className={styles.swatch} style={{ background: text }} aria-hidden="true" />}
      <span className={styles.number}>{cell.display}</span>
    </span>
  )
}
