import { readFile, rm } from 'node:fs/promises'
import path from 'node:path'
import { commandOf, isAlive } from './embedded-process'

/** What postmaster.pid of a living server says. */
export interface Postmaster {
  pid: number
  port: number
  /** Seconds since 1970. */
  startedAt: number
  /** 'starting', 'ready', 'stopping' … */
  status: string
}

/** The server that runs over `data`, or undefined. A lock file left by a killed one is removed where it would mislead. */
export async function findPostmaster(data: string): Promise<Postmaster | undefined> {
  const file = path.join(data, 'postmaster.pid')
  const text = await readFile(file, 'utf8').catch(() => undefined)
  if (text === undefined) return undefined
  const lines = text.split('\n')
  const pid = Number(lines[0])
  const port = Number(lines[3])
  if (!isAlive(pid)) return undefined
  if (isServerOver(pid, data)) return { pid, port, startedAt: Number(lines[2]), status: (lines[7] ?? '').trim() }
  // The number belongs to some other program by now, which PostgreSQL could not tell from a running server.
  await rm(file, { force: true })
  return undefined
}

function isServerOver(pid: number, data: string): boolean {
  const command = commandOf(pid)
  return /postgres$/.test(command[0] ?? '') && command.join(' ').includes(data)
}
