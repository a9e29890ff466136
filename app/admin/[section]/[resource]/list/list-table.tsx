import { Cell } from '@/lib/admin/fields/cell'
import type { CellView, ColumnView, ListView, RowView } from '@/lib/admin/view'
import { toMarkup } from '@/lib/ui/markup'
import { PageLink } from '@/lib/ui/page-link'
import tick from '@/lib/ui/tick-box.module.css'
import { write } from '@/lib/ui/written'
import { WrittenBox } from '@/lib/ui/written-box'
import { cardPlaces, isLedByKey, saysKey } from './card-places'
import { ListRows } from './list-rows'
import styles from './list-table.module.css'
import { TableFit } from './table-fit'

interface Props {
  list: ListView
  canSelect: boolean
}

/** The rows as plain markup; on phones each becomes a card. */
export async function ListTable({ list: { resource, columns, rows }, canSelect }: Props) {
  const places = cardPlaces(columns, rows)
  const drawn = rows.map((row, at) => (
    // A table without a key gives its rows no name of their own.
    <Row key={row.id || at} row={row} columns={columns} places={places} canSelect={canSelect} />
  ))
  // Cells of the deployer's own may need React.
  const markup = toMarkup(drawn)
  const head = toMarkup(<Head columns={columns} canSelect={canSelect} />) ?? ''
  return (
    <div className={styles.frame}>
      <div className={styles.scroll}>
        <TableFit />
        <table className={styles.table} aria-label={resource.plural} data-selectable={canSelect || undefined}>
          <WrittenBox as="thead" written={await write(head)} />
          {markup === undefined ? <tbody>{drawn}</tbody> : <ListRows written={await write(markup)} />}
        </table>
      </div>
    </div>
  )
}

function Head({ columns, canSelect }: { columns: readonly ColumnView[]; canSelect: boolean }) {
  return (
    <tr>
      {canSelect && (
        <th className={styles.check}>
          <label className={styles.target}>
            <input type="checkbox" className={tick.box} data-select="page" aria-label="Select this page" />
          </label>
        </th>
      )}
      {columns.map((column, at) => (
        <Heading key={column.name} column={column} align={at > 0 && column.align === 'end' ? 'end' : undefined} />
      ))}
    </tr>
  )
}

const ARIA_SORT = { asc: 'ascending', desc: 'descending' } as const

interface HeadingProps {
  column: ColumnView
  align: 'end' | undefined
}

function Heading({ column: { label, sorted, isSortable, sortHref, addSortHref }, align }: HeadingProps) {
  return (
    <th scope="col" data-align={align} aria-sort={sorted && ARIA_SORT[sorted]}>
      {isSortable && sortHref ? (
        <PageLink
          href={sortHref}
          shiftHref={addSortHref}
          className={styles.sort}
          title="Hold Shift to sort by this too"
        >
          {label}
          {sorted && <span aria-hidden="true">{sorted === 'asc' ? ' ↑' : ' ↓'}</span>}
        </PageLink>
      ) : (
        label
      )}
    </th>
  )
}

interface RowProps {
  row: RowView
  columns: readonly ColumnView[]
  places: readonly (string | undefined)[]
  canSelect: boolean
}

function Row({ row, columns, places, canSelect }: RowProps) {
  return (
    <tr data-row={row.id}>
      {canSelect && (
        <td className={styles.check}>
          <label className={styles.target}>
            <input
              type="checkbox"
              className={tick.box}
              data-select="row"
              value={row.id}
              autoComplete="off"
              aria-label={`Select ${row.title}`}
            />
          </label>
        </td>
      )}
      {row.cells.map((cell, at) => {
        const column = columns[at]
        return (
          <td
            key={column?.name ?? at}
            data-align={at > 0 && column?.align === 'end' ? 'end' : undefined}
            data-place={places[at]}
            data-label={places[at] === 'fact' ? column?.label : undefined}
            data-quiet={isMoment(cell) || undefined}
          >
            {at === 0 ? <RecordCell row={row} cell={cell} /> : <Cell cell={cell} />}
          </td>
        )
      })}
    </tr>
  )
}

/** The first column is the record's name and its link, whatever kind of value it holds. */
function RecordCell({ row, cell }: { row: RowView; cell: CellView }) {
  const { href, title } = row
  const words = isLedByKey(row) ? <NamedKey name={title} value={cell.display} /> : cell.display || title
  if (!href) return cell.custom ?? <span className={styles.record}>{words}</span>
  return (
    <PageLink href={href} className={styles.record} title={cell.full ?? cell.title}>
      {cell.custom ?? words}
    </PageLink>
  )
}

/** In the table the key alone: a column of its own says the name. */
function NamedKey({ name, value }: { name: string; value: string }) {
  return (
    <>
      <span className={styles.name}>{name}</span>{' '}
      <span className={styles.keyValue} data-said={saysKey(name, value) || undefined}>
        {value}
      </span>
    </>
  )
}

const MOMENTS = new Set(['timestamp', 'timestamptz', 'date', 'time', 'datetime'])

function isMoment({ kind }: CellView): boolean {
  return MOMENTS.has(kind)
}
