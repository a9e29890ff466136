import { connection } from 'next/server'
import type { ReactNode } from 'react'
import { getRuntime } from '@/lib/runtime'
import styles from './access.module.css'

/** The quiet page around everything a person sees before they are in. */
export default async function AccessLayout({ children }: { children: ReactNode }) {
  await connection()
  const { title } = (await getRuntime()).admin.admin
  return (
    <div className={styles.page}>
      <header className={styles.brand}>
        <span className={styles.mark} aria-hidden="true">
          {title.charAt(0).toUpperCase()}
        </span>
        {title}
      </header>
      <main className={styles.card}>{children}</main>
    </div>
  )
}
