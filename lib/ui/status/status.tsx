import styles from './status.module.css'

export type StatusTone = 'ok' | 'warn' | 'bad' | 'info' | 'quiet'

interface Props {
  tone: StatusTone
  title?: string
  children: string
}

/** A state as a word with a dot: never colour alone. */
export function Status({ tone, title, children }: Props) {
  return (
    <span className={styles.status} data-tone={tone} title={title}>
      {children}
    </span>
  )
}
