import type { CellView } from '../../view'
import { LongText } from '../long-text'
import styles from './cell.module.css'
import { findJsonMistake, layOutJson } from './text'

/** JSON in one line; the whole of it laid out, where the list got all of it. */
export function JsonCell({ cell }: { cell: CellView }) {
  const { full } = cell
  if (full === undefined) return <span className={styles.json}>{cell.display}</span>
  return (
    <span className={styles.json}>
      <LongText cell={{ ...cell, full: findJsonMistake(full) ? full : layOutJson(full) }} />
    </span>
  )
}
