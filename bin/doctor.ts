import { connect } from '@/lib/db/client'
import { readEnv } from '@/lib/env'
import type { Check, Finding, Patient } from './examination/finding'
import { checkLog, checkRights, checkSystem, checkTriggers } from './examination/recording'
import { checkSubscriptions, checkWorker } from './examination/running'
import { checkOpenTransactions, checkPooler, checkServerSettings } from './examination/server'
import { checkStorages } from './examination/storage'
import { withDatabase } from './supervisor/command-database'
import { counted, say } from './tools/progress.mjs'

/** In order: what a later one stands on is examined before it. */
const CHECKS: readonly Check[] = [
  checkServerSettings,
  checkPooler,
  checkSystem,
  checkRights,
  checkStorages,
  checkTriggers,
  checkLog,
  checkOpenTransactions,
  checkSubscriptions,
  checkWorker,
]

const MARKS = { ok: '  ✓', warning: '  !', problem: '  ✗' }

/**
 * `npm run doctor`: whether what Kontor promises holds on this database, and what to do where it does not. Changes nothing.
 * @returns 1 where it found a problem
 */
export function run(): Promise<number> {
  return withDatabase(async (database) => {
    const { listenUrl } = readEnv(process.env, 'start')
    const owner = connect(database.ownerUrl, { max: 1, applicationName: 'kontor doctor' })
    const app = connect(database.appUrl, { max: 1, applicationName: 'kontor doctor' })
    try {
      const findings = await examine({
        ...database,
        owner: owner.sql,
        app: app.sql,
        listenUrl: listenUrl ?? database.appUrl,
      })
      for (const { level, what, todo } of findings) say(`${MARKS[level]} ${what}${todo ? `\n      ${todo}` : ''}`)
      const problems = findings.filter(({ level }) => level === 'problem').length
      const warnings = findings.filter(({ level }) => level === 'warning').length
      say(
        problems + warnings === 0
          ? 'All is well.'
          : `${counted(problems, 'problem')}, ${counted(warnings, 'warning')}.`,
      )
      return problems > 0 ? 1 : 0
    } finally {
      await Promise.all([owner.close(), app.close()])
    }
  })
}

/** A check that cannot be made is a finding too, and stops no other. */
export async function examine(patient: Patient): Promise<Finding[]> {
  const findings: Finding[] = []
  for (const check of CHECKS) {
    try {
      findings.push(...(await check(patient)))
    } catch (error) {
      findings.push({
        level: 'problem',
        what: `A check failed: ${(error as Error).message}`,
        todo: 'See the points before it first.',
      })
    }
  }
  return findings
}
