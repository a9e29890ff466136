import type postgres from 'postgres'
import type { CommandDatabase } from '../supervisor/command-database'

/** 'problem' means that something Kontor promises does not hold; a warning, that it may not for long. */
export interface Finding {
  level: 'ok' | 'warning' | 'problem'
  what: string
  /** What to do about it. */
  todo?: string
}

export const ok = (what: string): Finding => ({ level: 'ok', what })
export const warning = (what: string, todo: string): Finding => ({ level: 'warning', what, todo })
export const problem = (what: string, todo: string): Finding => ({ level: 'problem', what, todo })

/** What is examined, with a connection as each role. */
export interface Patient extends CommandDatabase {
  owner: postgres.Sql
  app: postgres.Sql
  /** Where the feed listens. */
  listenUrl: string
}

export type Check = (patient: Patient) => Promise<Finding[]>

export const few = (names: readonly string[]) =>
  names.length > 5 ? `${names.slice(0, 5).join(', ')} and ${names.length - 5} more` : names.join(', ')
