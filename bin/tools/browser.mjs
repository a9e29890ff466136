// Finds a Chromium for the browser tests, or gets one.

import { spawn, spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { step } from './progress.mjs'

const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable', 'chrome']
const MAC = '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome'

/**
 * The path of a Chromium that starts here: one that is installed (KONTOR_BROWSER names another), Playwright's own, or
 * one that is installed now.
 * @throws Error where none can be had
 */
export async function ensureBrowser() {
  const present = await findBrowser()
  if (present) return present
  return await step('Installing a browser', 'Browser installed', async () => {
    const problems = []
    for (const [program, ...args] of waysToInstall()) {
      const { code, output } = await run(program, args)
      const found = await findBrowser()
      if (found) return found
      problems.push(`${[program, ...args].join(' ')} (${code}):\n${output.trim().split('\n').slice(-4).join('\n')}`)
    }
    throw new Error(
      `No browser could be installed for the browser tests. Install Chromium, or name one with KONTOR_BROWSER.\n${problems.join('\n')}`,
    )
  })
}

async function findBrowser() {
  const given = process.env.KONTOR_BROWSER
  if (given) {
    if (starts(given)) return given
    throw new Error(`KONTOR_BROWSER: ${given} does not start. Example: KONTOR_BROWSER=/usr/bin/chromium`)
  }
  const { chromium } = await import('@playwright/test')
  const installed = NAMES.map((name) =>
    spawnSync('sh', ['-c', `command -v ${name}`], { encoding: 'utf8' }).stdout?.trim(),
  )
  return [...installed, MAC, chromium.executablePath()].find((file) => file && existsSync(file) && starts(file))
}

/** A browser whose libraries are missing is there and does not start. */
function starts(file) {
  return spawnSync(file, ['--version'], { timeout: 20_000 }).status === 0
}

function waysToInstall() {
  const isRoot = process.getuid?.() === 0
  const playwright = [
    process.execPath,
    'node_modules/@playwright/test/cli.js',
    'install',
    ...(isRoot ? ['--with-deps'] : []),
  ]
  const own = [...playwright, 'chromium']
  if (!isRoot || !isDebian()) return [own]
  // Debian's package brings the libraries too, and needs nothing but the mirror that Debian has anyway.
  return [['sh', '-c', 'apt-get update -q && apt-get install -q -y --no-install-recommends chromium'], own]
}

function isDebian() {
  return existsSync('/etc/os-release') && /^ID=debian$/m.test(readFileSync('/etc/os-release', 'utf8'))
}

function run(program, args) {
  return new Promise((resolve) => {
    const child = spawn(program, args, {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive', PLAYWRIGHT_DOWNLOAD_CONNECTION_TIMEOUT: '20000' },
    })
    let output = ''
    const keep = (chunk) => {
      output += chunk
    }
    child.stdout.on('data', keep)
    child.stderr.on('data', keep)
    child.once('error', (error) => resolve({ code: error.message, output }))
    child.once('exit', (code) => resolve({ code, output }))
  })
}
