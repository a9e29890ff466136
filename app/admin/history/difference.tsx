import type { FieldChange } from '@/lib/admin/history/change-view'
import styles from './history.module.css'

/** How one field differs: old struck on red, new on green, long texts word by word. */
export function Difference({ change: { before, after, parts } }: { change: FieldChange }) {
  if (parts) {
    return (
      <span className={styles.prose}>
        {parts.map(({ kind, text }, at) => {
          const key = `${at}${kind}`
          if (kind === 'removed') return <del key={key}>{text}</del>
          if (kind === 'added') return <ins key={key}>{text}</ins>
          return <span key={key}>{text}</span>
        })}
      </span>
    )
  }
  return (
    <>
      {before !== undefined && <del>{before ?? 'none'}</del>}
      {before !== undefined && after !== undefined && <span aria-hidden="true"> → </span>}
      {after !== undefined && <ins>{after ?? 'none'}</ins>}
    </>
  )
}
