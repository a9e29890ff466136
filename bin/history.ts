import { readFile, writeFile } from 'node:fs/promises'
import type postgres from 'postgres'
import { eraseHistory } from '@/lib/history/erase'
import { repairHistory } from '@/lib/history/repair'
import { retainHistory } from '@/lib/history/retention'
import { type ExportedSeal, exportSeal } from '@/lib/history/seals'
import { verifyHistory } from '@/lib/history/verify'
import { lookAgain } from '@/lib/tasks/jobs/operations'
import { withDatabase } from './supervisor/command-database'
import { withConnection } from './supervisor/system'
import { counted, say } from './tools/progress.mjs'
import { readArgs } from './tools/read-args'

const USAGE = `npm run history -- <command>

  verify [--against seal.json]      proves that no sealed change was altered, removed or inserted
  export-seal [--to seal.json]      the newest seal, to be kept outside the database
  repair                            moves what fell into the default partition into its months
  retain --before 2026-01-01 --reason "…" [--drop]
                                    detaches the months that ended before then (and drops them)
  erase --table public.customers --id 17 --reason "…" [--column email]… [--key]
  erase --actor user:17 --reason "…"
                                    takes a person's values out of the log; cannot be taken back

Who runs it is recorded: --by "name" (default: the operating system's user).`

/** Shown at most; the count tells the rest. */
const SHOWN = 50

/** `npm run history -- verify|export-seal|repair|retain|erase`. Returns the exit code: 1 where verification found something. */
export async function run(args: string[]): Promise<number> {
  const [command = '', ...rest] = args
  const work = COMMANDS[command]
  if (!work) {
    process.stderr.write(`${command ? `There is no history command "${command}".\n\n` : ''}${USAGE}\n`)
    return command === '' ? 0 : 2
  }
  const { values } = readArgs(
    {
      args: rest,
      options: {
        against: { type: 'string' },
        to: { type: 'string' },
        before: { type: 'string' },
        drop: { type: 'boolean' },
        table: { type: 'string' },
        id: { type: 'string' },
        column: { type: 'string', multiple: true },
        key: { type: 'boolean' },
        actor: { type: 'string' },
        reason: { type: 'string' },
        by: { type: 'string' },
      },
    },
    USAGE,
  )
  return withDatabase(({ ownerUrl }) => withConnection(ownerUrl, (owner) => work(owner, values)))
}

interface Flags {
  against?: string
  to?: string
  before?: string
  drop?: boolean
  table?: string
  id?: string
  column?: string[]
  key?: boolean
  actor?: string
  reason?: string
  by?: string
}

const COMMANDS: Record<string, (owner: postgres.Sql, flags: Flags) => Promise<number>> = {
  verify,
  'export-seal': exportNewest,
  repair,
  retain,
  erase,
}

/** The operating system's account, told apart from Kontor's users. */
const byWhom = (flags: Flags, reason: string) => ({
  actor: flags.by ?? `command:${process.env.USER ?? 'unknown'}`,
  reason,
})

function required(flags: Flags, name: 'before' | 'reason' | 'table' | 'id'): string {
  const value = flags[name]
  if (!value) throw new Error(`--${name} is needed.\n\n${USAGE}`)
  return value
}

async function verify(owner: postgres.Sql, flags: Flags): Promise<number> {
  const against = flags.against ? await readSeal(flags.against) : undefined
  const { findings, seals, intact, erased, unsealed, moves } = await verifyHistory(owner, against)
  for (const { message } of findings.slice(0, SHOWN)) say(message)
  if (findings.length > SHOWN) say(`… and ${findings.length - SHOWN} more`)
  for (const { seal, at } of moves)
    say(`Seal ${seal} (${at}) is the first after the log came from another cluster: by a dump, a restore, pg_upgrade.`)
  const sealed = intact === 1 ? '1 change is as it was sealed' : `${intact} changes are as they were sealed`
  const rest = `${erased} erased on record, ${unsealed} not sealed yet, ${counted(seals, 'seal')}`
  if (findings.length > 0) {
    say(`The log was tampered with: ${counted(findings.length, 'finding')}. ${sealed}; ${rest}.`)
    return 1
  }
  say(`${sealed}; ${rest}.`)
  if (!against)
    say(
      'Whether the newest seals were cut off, only a seal kept elsewhere can tell: export-seal, then verify --against.',
    )
  return 0
}

async function readSeal(file: string): Promise<ExportedSeal> {
  const seal: Partial<ExportedSeal> = await readFile(file, 'utf8')
    .then(JSON.parse)
    .catch((error: Error) => {
      throw new Error(`${file} cannot be read as an exported seal: ${error.message}`)
    })
  if (typeof seal?.digest !== 'string' || typeof seal.seq !== 'number')
    throw new Error(`${file} is no seal that export-seal wrote.`)
  return seal as ExportedSeal
}

async function exportNewest(owner: postgres.Sql, flags: Flags): Promise<number> {
  const seal = await exportSeal(owner)
  if (!seal) throw new Error('Nothing is sealed yet: the worker seals about each minute.')
  const text = `${JSON.stringify(seal, null, 2)}\n`
  if (flags.to) await writeFile(flags.to, text)
  else process.stdout.write(text)
  return 0
}

async function repair(owner: postgres.Sql, flags: Flags): Promise<number> {
  const { moved } = await repairHistory(owner, byWhom(flags, flags.reason ?? 'repair'))
  for (const { partition, rows } of moved) say(`${rows} changes moved to kontor.${partition}`)
  if (moved.length === 0) say('Nothing to repair: the default partition is empty.')
  return 0
}

async function retain(owner: postgres.Sql, flags: Flags): Promise<number> {
  const before = required(flags, 'before')
  const { detached } = await retainHistory(owner, {
    before,
    drop: flags.drop,
    ...byWhom(flags, required(flags, 'reason')),
  })
  for (const { partition, rows } of detached)
    say(`kontor.${partition} (${rows} changes) ${flags.drop ? 'dropped' : 'detached'}`)
  if (detached.length === 0) say('No month ended before then.')
  return 0
}

async function erase(owner: postgres.Sql, flags: Flags): Promise<number> {
  const by = byWhom(flags, required(flags, 'reason'))
  const erasure = flags.actor
    ? { actor: flags.actor }
    : {
        relation: required(flags, 'table'),
        recordId: required(flags, 'id'),
        columns: flags.column,
        includeKey: flags.key,
      }
  const { changes } = await eraseHistory(owner, erasure, by, lookAgain)
  say(`${changes} changes were emptied. The record itself, if it still exists, is untouched.`)
  return 0
}
