import clsx from 'clsx'
import type { ReactNode } from 'react'
import { PageLink } from '../page-link'
import styles from './page.module.css'

export interface Crumb {
  label: string
  /** Absent for the page itself. */
  href?: string
}

interface Props {
  /** The way here; the last one is this page. */
  path: readonly Crumb[]
  /** Stands in the browser's tab. */
  title: string
  /** For forms that stand alone: lines a person can read. */
  isNarrow?: boolean
  children: ReactNode
}

/** What every page of the admin stands in: its name in the tab, the way to it, its content. */
export function Page({ path, title, isNarrow = false, children }: Props) {
  return (
    <>
      <title>{title}</title>
      <nav className={styles.path} aria-label="Path">
        <ol>
          {path.map(({ label, href }, at) => (
            <li key={href ?? label}>
              {href && at < path.length - 1 ? (
                <PageLink href={href}>{label}</PageLink>
              ) : (
                <span aria-current={at === path.length - 1 ? 'page' : undefined}>{label}</span>
              )}
            </li>
          ))}
        </ol>
      </nav>
      <main id="main" tabIndex={-1} className={clsx(styles.main, isNarrow && styles.narrow)}>
        {children}
      </main>
    </>
  )
}

interface HeadProps {
  title: string
  /** One line of what this is or how it is. */
  description?: ReactNode
  /** What can be done: buttons, at most one of them primary. */
  children?: ReactNode
}

export function PageHead({ title, description, children }: HeadProps) {
  return (
    <div className={styles.head}>
      <div className={styles.words}>
        <h1>{title}</h1>
        {description && <p className={styles.description}>{description}</p>}
      </div>
      {children && <div className={styles.actions}>{children}</div>}
    </div>
  )
}
