import clsx from 'clsx'
import type { ReactNode } from 'react'
import styles from './record-layout.module.css'

interface Props {
  /** What happened to the record and what belongs to it: beside the form, below it on phones. */
  rail?: ReactNode
  children: ReactNode
}

/** A record's page beneath its head. */
export function RecordLayout({ rail, children }: Props) {
  return (
    <div className={clsx(styles.columns, !rail && styles.alone)}>
      <div className={styles.form}>{children}</div>
      {rail && <aside className={styles.rail}>{rail}</aside>}
    </div>
  )
}
