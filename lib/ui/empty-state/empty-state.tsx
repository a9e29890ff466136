import type { ReactNode } from 'react'
import styles from './empty-state.module.css'

interface Props {
  icon?: ReactNode
  title: string
  /** Whether it is all there is on the page, and its title the page's. */
  isPage?: boolean
  /** Why there is nothing. */
  children?: ReactNode
  /** The next step. */
  actions?: ReactNode
}

/** Where a thing would be: says why it is not there and what comes next. */
export function EmptyState({ icon, title, isPage = false, children, actions }: Props) {
  const Title = isPage ? 'h1' : 'h2'
  return (
    <div className={styles.empty}>
      {icon && <div className={styles.icon}>{icon}</div>}
      <Title className={styles.title}>{title}</Title>
      {children && <p className={styles.words}>{children}</p>}
      {actions && <div className={styles.actions}>{actions}</div>}
    </div>
  )
}
