import { startTemporary } from '@/lib/db/embedded'
import { benchAsOf } from '@/tests/bench/as-of'
import { benchEffects } from '@/tests/bench/effects'
import { benchHistory } from '@/tests/bench/history'
import { benchList } from '@/tests/bench/list'
import { benchLive } from '@/tests/bench/live'
import { benchStorage } from '@/tests/bench/storage'
import type { BenchTable } from '@/tests/bench/support/table'
import { benchWatch } from '@/tests/bench/watch'
import { say } from './tools/progress.mjs'

/** Each takes a server's address as its superuser, and cleans up what it made there. */
const BENCHES: Record<string, (adminUrl: string) => Promise<BenchTable[]>> = {
  list: benchList,
  'as-of': benchAsOf,
  effects: benchEffects,
  storage: benchStorage,
  watch: benchWatch,
  live: benchLive,
  history: benchHistory,
}

/**
 * `npm run bench [-- name …]`: measures on a temporary server, and prints tables whose ratios are what matters.
 * KONTOR_BENCH_DATABASE_URL (a superuser's address) measures on another server, for instance an older PostgreSQL.
 */
export async function run(args: string[]): Promise<number> {
  const unknown = args.filter((name) => !(name in BENCHES))
  if (unknown.length > 0) {
    process.stderr.write(`There is no benchmark “${unknown[0]}”. There are: ${Object.keys(BENCHES).join(', ')}.\n`)
    return 2
  }
  const names = args.length > 0 ? args : Object.keys(BENCHES)
  for (const name of names) {
    say(`Measuring: ${name}`)
    const server = await serverFor(process.env.KONTOR_BENCH_DATABASE_URL)
    try {
      for (const table of (await BENCHES[name]?.(server.url)) ?? []) print(table)
    } finally {
      await server.stop()
    }
  }
  return 0
}

const serverFor = async (given: string | undefined) =>
  given ? { url: given, stop: async () => {} } : startTemporary({ max_connections: '200', shared_buffers: '256MB' })

/** As Markdown, to be pasted into docs/benchmarks.md. */
function print({ title, rows, notes = [] }: BenchTable): void {
  const lines = rows.map((row) => `| ${row.case} | ${row.result} | ${row.ratio} |`)
  process.stdout.write(`\n### ${title}\n\n| case | result | ratio |\n|---|---|---:|\n${lines.join('\n')}\n`)
  for (const note of notes) process.stdout.write(`\n${note}\n`)
}
