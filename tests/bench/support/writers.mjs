// Writers in a thread of their own, so that what listens does not share a loop with them: single-row updates, one
// transaction each, on as many connections as asked for, for as long as asked for.
import { parentPort, workerData } from 'node:worker_threads'
import postgres from 'postgres'

const { url, table, connections, seconds, settings } = workerData
const sql = postgres(url, { max: connections, onnotice: () => {}, connection: settings })
let count = 0
const update = () => sql`update ${sql(table)} set n = n + 1 where id = ${1 + Math.floor(Math.random() * 10_000)}`
await Promise.all(Array.from({ length: connections }, update))
const end = performance.now() + seconds * 1000
await Promise.all(
  Array.from({ length: connections }, async () => {
    while (performance.now() < end) {
      await update()
      count++
    }
  }),
)
await sql.end()
parentPort?.postMessage(count / seconds)
