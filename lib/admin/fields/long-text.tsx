import { useId } from 'react'
import type { CellView } from '../view'
import styles from './cell.module.css'

/** Cut text, and the whole of it in a popover that needs no script. */
export function LongText({ cell }: { cell: CellView }) {
  const id = useId()
  return (
    <>
      <span className={styles.long}>{cell.display}</span>
      <button type="button" className={styles.more} popoverTarget={id} aria-label="Show the whole text">
        more
      </button>
      <div id={id} popover="auto" className={styles.full}>
        {cell.full}
      </div>
    </>
  )
}
