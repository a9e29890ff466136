import type { CellView } from '../../view'
import styles from '../cell.module.css'
import { isSafeUrl } from './safe-url'

/** A link that leaves the site; what is stored but may not be a link stays text. */
export function UrlCell({ cell }: { cell: CellView }) {
  const address = cell.full ?? cell.text ?? ''
  const text = cell.text ?? ''
  const isWhole = text.length < 1000
  const href = isWhole && isSafeUrl(text) ? text : undefined
  if (!href) return <span title={address}>{cell.display}</span>
  return (
    <a className={styles.link} href={href} target="_blank" rel="noopener noreferrer" title={address}>
      {cell.display}
    </a>
  )
}
