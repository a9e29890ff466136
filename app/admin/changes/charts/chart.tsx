'use client'

import dynamic from 'next/dynamic'
import styles from './charts.module.css'

export interface ChartProps {
  kind: 'days' | 'bars'
  rows: readonly { label: string; count: number }[]
  locale: string
}

/** Loaded only here, and only in browsers: nothing else of the admin pays for it. */
export const Chart = dynamic<ChartProps>(() => import('./drawn-chart'), {
  ssr: false,
  loading: () => <div className={styles.waiting} aria-hidden="true" />,
})
