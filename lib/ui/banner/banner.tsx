import clsx from 'clsx'
import type { ReactNode } from 'react'
import styles from './banner.module.css'

interface Props {
  /** 'info' tells a state, 'warn' wants attention, 'bad' says that something failed. */
  tone?: 'info' | 'warn' | 'bad'
  /** What can be done about it, at the end of the line. */
  action?: ReactNode
  children: ReactNode
}

/** One line across the page about the whole of it. */
export function Banner({ tone = 'info', action, children }: Props) {
  return (
    <div role={tone === 'bad' ? 'alert' : 'status'} className={clsx(styles.banner, styles[tone])}>
      <div className={styles.words}>{children}</div>
      {action && <div className={styles.action}>{action}</div>}
    </div>
  )
}
