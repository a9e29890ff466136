#!/usr/bin/env node
// `npm test`: every test, on a fresh clone too. The last line is `N passed, N failed`.

import { spawn } from 'node:child_process'
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { ensureBrowser } from './tools/browser.mjs'
import { ensureInstalled } from './tools/install.mjs'
import { say, stopWith } from './tools/progress.mjs'
import { playwrightTotals, vitestTotals } from './tools/totals.mjs'

const RESULTS = 'test-results'

try {
  await ensureInstalled()
  mkdirSync(RESULTS, { recursive: true })
  rmSync(`${RESULTS}/summary.txt`, { force: true })
  const unit = await runVitest()
  const browser = existsSync('tests/e2e') ? await runPlaywright() : { passed: 0, failed: 0 }
  const failed = unit.failed + browser.failed
  const summary = `${unit.passed + browser.passed} passed, ${failed} failed`
  writeFileSync(`${RESULTS}/summary.txt`, `${summary}\n`)
  say(`\n${summary}`)
  process.exitCode = failed > 0 ? 1 : 0
} catch (error) {
  stopWith(error)
}

async function runVitest() {
  const report = `${RESULTS}/vitest.json`
  rmSync(report, { force: true })
  const flags = ['run', '--reporter=default', '--reporter=json', `--outputFile.json=${report}`]
  return vitestTotals(report, await run('node_modules/vitest/vitest.mjs', flags))
}

/** The browser tests run against the built product: their set-up builds it where it is not. */
async function runPlaywright() {
  const report = `${RESULTS}/playwright.json`
  rmSync(report, { force: true })
  try {
    const browser = await ensureBrowser()
    const code = await run('node_modules/@playwright/test/cli.js', ['test', '--reporter=list,json'], {
      KONTOR_BROWSER: browser,
      PLAYWRIGHT_JSON_OUTPUT_NAME: report,
    })
    return playwrightTotals(report, code)
  } catch (error) {
    say(`\nThe browser tests could not run. ${error.message}`)
    return { passed: 0, failed: 1 }
  }
}

function run(file, args, env = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [file, ...args], { stdio: 'inherit', env: { ...process.env, ...env } })
    for (const name of ['SIGINT', 'SIGTERM']) process.on(name, () => child.kill(name))
    child.once('error', reject)
    child.once('exit', (code) => resolve(code))
  })
}
