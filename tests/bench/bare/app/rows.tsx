import { connect } from '@/lib/db/client'
import type { Statement } from '../../support/statements'

const db = connect(process.env.DATABASE_URL ?? '')
/** By page; while the page is built there are none. */
const statements: Record<string, Statement[]> = JSON.parse(process.env.BENCH_STATEMENTS ?? '{}')

/** The least a page over these statements can be: they run as Kontor runs them, and the rows stand in a table. */
export async function Rows({ page }: { page: 'first' | 'deep' }) {
  const [list, ...others] = statements[page] ?? []
  const rows = list ? await db.sql.unsafe(list.text, list.params) : []
  await Promise.all(others.map(({ text, params }) => db.sql.unsafe(text, params)))
  return (
    <table>
      <tbody>
        {rows.slice(0, 25).map((row) => (
          <tr key={row.c0}>
            {Object.entries(row).map(([name, text]) => (
              <td key={name}>{text}</td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  )
}
