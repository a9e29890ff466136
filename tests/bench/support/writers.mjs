// Writers in a thread of their own, so that what listens does not share a loop with them: single-row updates, one
// transaction each, on as many connections as asked for, for as long as asked for.
import { parentPort, workerData } from 'node:worker_threads'
import postgres from 'postgres'

const { url, table, column, ids, connections, seconds, settings } = workerData
const sql = postgres(url, { max: connections, onnotice: () => {}, connection: settings })
let count = 0
const update = () =>
  sql`update ${sql(table)} set ${sql(column)} = ${sql(column)} + 1 where id = ${1 + Math.floor(Math.random() * ids)}`
/** Until connections are open, plans made, and whoever follows has found its pace. */
const WARM_UP_MS = 1000
const begin = performance.now() + WARM_UP_MS
const end = begin + seconds * 1000
await Promise.all(
  Array.from({ length: connections }, async () => {
    for (let now = 0; now < end; now = performance.now()) {
      await update()
      if (now >= begin) count++
    }
  }),
)
await sql.end()
parentPort?.postMessage(count / seconds)
