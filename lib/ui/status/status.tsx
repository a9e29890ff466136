import clsx from 'clsx'
import styles from './status.module.css'

export type StatusTone = 'ok' | 'warn' | 'bad' | 'info' | 'quiet'

/** A state as a word with a dot: never colour alone. */
export function Status({ tone, children }: { tone: StatusTone; children: string }) {
  return <span className={clsx(styles.status, tone !== 'quiet' && styles[tone])}>{children}</span>
}
