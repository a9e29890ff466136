// How many tests passed and failed, from the reports the two runners write.

import { readFileSync } from 'node:fs'

/** @returns {{ passed: number, failed: number }} what Vitest reports; a file that could not be loaded is a failure */
export function vitestTotals(file, exitCode) {
  const report = readReport(file)
  if (!report) return { passed: 0, failed: 1 }
  const unloaded = report.testResults.filter(
    ({ status, assertionResults }) => status === 'failed' && assertionResults.length === 0,
  )
  return settle({ passed: report.numPassedTests, failed: report.numFailedTests + unloaded.length }, exitCode)
}

/** @returns {{ passed: number, failed: number }} what Playwright reports; a test that passed at its second try failed */
export function playwrightTotals(file, exitCode) {
  const report = readReport(file)
  if (!report) return { passed: 0, failed: 1 }
  const { expected, unexpected, flaky } = report.stats
  return settle({ passed: expected, failed: unexpected + flaky + report.errors.length }, exitCode)
}

/** A runner that ended badly without a failed test has failed in something else, such as its set-up. */
function settle({ passed, failed }, exitCode) {
  return { passed, failed: exitCode !== 0 && failed === 0 ? 1 : failed }
}

function readReport(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8'))
  } catch {
    return undefined
  }
}
