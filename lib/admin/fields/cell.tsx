import type { ComponentType } from 'react'
import type { CellView } from '../view'
import { BooleanCell } from './boolean/cell'
import styles from './cell.module.css'
import { ColourCell } from './colour/cell'
import { EmailCell } from './email/cell'
import { StatusCell } from './enum/cell'
import { ExpiryCell } from './expiry/cell'
import { JsonCell } from './json/cell'
import { LongText } from './long-text'
import { MomentCell } from './timestamp/cell'
import { UrlCell } from './url/cell'

export type CellProps = { cell: CellView }

/** How values of a kind stand in a list; kinds not named are their one readable line. */
const cells: Record<string, ComponentType<CellProps>> = {
  boolean: BooleanCell,
  colour: ColourCell,
  email: EmailCell,
  expiry: ExpiryCell,
  url: UrlCell,
  json: JsonCell,
  date: MomentCell,
  timestamp: MomentCell,
  timestamptz: MomentCell,
}

const NUMBERS = new Set(['integer', 'bigint', 'decimal', 'float', 'money'])

/** One value of a list or a read-only place, as plain markup that the server draws. */
export function Cell({ cell }: CellProps) {
  if (cell.custom !== undefined) return cell.custom
  if (cell.text === null) return <span className={styles.none}>none</span>
  if (cell.href) {
    return (
      <a className={styles.link} href={cell.href} title={cell.full ?? cell.title}>
        {cell.display || <Empty />}
      </a>
    )
  }
  if (cell.text === '' && cell.display === '') return <Empty />
  if (cell.tone) return <StatusCell cell={cell} />
  const Kind = cells[cell.kind]
  if (Kind) return <Kind cell={cell} />
  if (NUMBERS.has(cell.kind)) return <span className={styles.number}>{cell.display}</span>
  return cell.full ? <LongText cell={cell} /> : <span title={cell.title}>{cell.display}</span>
}

const Empty = () => <span className={styles.none}>empty</span>
