import type { ReactNode } from 'react'
import styles from './plain-table.module.css'

export interface PlainColumn<Row> {
  label: string
  align?: 'start' | 'end'
  /** Grey, and on one line: times. */
  isQuiet?: boolean
  /** Left out on phones. */
  isWide?: boolean
  cell(row: Row): ReactNode
}

interface Props<Row> {
  label: string
  columns: readonly PlainColumn<Row>[]
  rows: readonly Row[]
  keyOf(row: Row): string
}

/** Rows of what the site itself keeps: effects, tasks, runs, sessions. Resources have lists of their own. */
export function PlainTable<Row>({ label, columns, rows, keyOf }: Props<Row>) {
  return (
    <div className={styles.scroll}>
      <table className={styles.table} aria-label={label}>
        <thead>
          <tr>
            {columns.map(({ label: heading, align, isWide }) => (
              <th key={heading} scope="col" data-align={align} data-wide={isWide || undefined}>
                {heading}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={keyOf(row)}>
              {columns.map(({ label: heading, align, isQuiet, isWide, cell }) => (
                <td key={heading} data-align={align} data-quiet={isQuiet || undefined} data-wide={isWide || undefined}>
                  {cell(row)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}
