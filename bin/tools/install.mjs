// Plain Node: used before anything is installed.

import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { say, step } from './progress.mjs'

const OLDEST = [20, 19]

/** The folder of the clone: every command works from there, wherever it was called. */
export const ROOT = path.resolve(import.meta.dirname ?? path.dirname(new URL(import.meta.url).pathname), '../..')

/** Stops with one line where Node is older than everything here needs. */
export function checkNode() {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
  if (major > OLDEST[0] || (major === OLDEST[0] && minor >= OLDEST[1])) return
  throw new Error(
    `Kontor needs Node ${OLDEST.join('.')} or newer; this is ${process.versions.node}. See https://nodejs.org`,
  )
}

/** Installs the packages that package-lock.json names, unless exactly those are there. */
export async function ensureInstalled() {
  checkNode()
  process.chdir(ROOT)
  const wanted = lockDigest()
  if (isInstalled(wanted)) return
  await step('Installing packages', 'Packages installed', async () => {
    // What is there is brought up to date; npm ci would remove all of it first.
    const first = await runNpm([existsSync('node_modules/.package-lock.json') ? 'install' : 'ci'])
    if (first.code === 0) return
    if (!/can only install packages when your package\.json and package-lock\.json|EUSAGE/.test(first.output)) {
      throw new Error(explain(first.output))
    }
    say('  package-lock.json does not fit package.json: bringing it up to date with npm install')
    const second = await runNpm(['install'])
    if (second.code !== 0) throw new Error(explain(second.output))
  })
  writeFileSync(stampFile(), lockDigest())
}

/** What package.json and the lock file say, in short. */
function lockDigest() {
  const hash = createHash('sha256')
  for (const name of ['package.json', 'package-lock.json']) {
    hash.update(existsSync(name) ? readFileSync(name) : '').update('\0')
  }
  return hash.digest('hex')
}

function stampFile() {
  return path.join(ROOT, 'node_modules', '.kontor-installed')
}

function isInstalled(wanted) {
  if (!existsSync('node_modules')) return false
  if (existsSync(stampFile()) && readFileSync(stampFile(), 'utf8') === wanted) return true
  if (!fitsLock()) return false
  writeFileSync(stampFile(), wanted)
  return true
}

/** Whether somebody else's npm install already left exactly what the lock file names. */
function fitsLock() {
  try {
    const locked = JSON.parse(readFileSync('package-lock.json', 'utf8')).packages
    const present = JSON.parse(readFileSync('node_modules/.package-lock.json', 'utf8')).packages
    const { dependencies, devDependencies } = JSON.parse(readFileSync('package.json', 'utf8'))
    const root = locked['']
    const isSame = (a = {}, b = {}) =>
      JSON.stringify(Object.entries(a).sort()) === JSON.stringify(Object.entries(b).sort())
    if (!isSame(dependencies, root.dependencies) || !isSame(devDependencies, root.devDependencies)) return false
    return Object.entries(locked).every(
      ([name, { version, optional, devOptional, link }]) =>
        name === '' || link || present[name]?.version === version || (!present[name] && (optional || devOptional)),
    )
  } catch {
    return false
  }
}

/** Runs the npm that runs us, or the one on the path; what it says is kept for the case that it fails. */
function runNpm(args) {
  const own = process.env.npm_execpath
  const [file, first] = own && /npm-cli\.c?js$/.test(own) ? [process.execPath, [own]] : ['npm', []]
  const flags = ['--include=dev', '--include=optional', '--no-audit', '--no-fund', '--no-progress']
  return new Promise((resolve, reject) => {
    const child = spawn(file, [...first, ...args, ...flags], {
      cwd: ROOT,
      stdio: ['ignore', 'pipe', 'pipe'],
      shell: process.platform === 'win32',
    })
    let output = ''
    const keep = (chunk) => {
      output += chunk
    }
    child.stdout.on('data', keep)
    child.stderr.on('data', keep)
    child.on('error', (error) => reject(new Error(`npm could not be started: ${error.message}`)))
    child.on('exit', (code) => resolve({ code, output }))
  })
}

function explain(output) {
  const lines = output.split('\n').filter((line) => line && !/^npm (warn|notice)/i.test(line))
  const isNetwork = /ENOTFOUND|ECONNREFUSED|ECONNRESET|ETIMEDOUT|EAI_AGAIN|network/i.test(output)
  const hint = isNetwork
    ? '\nnpm could not reach its registry: check the network, a proxy, or "npm config get registry".'
    : ''
  return `The packages could not be installed. npm said:\n${lines.slice(-20).join('\n')}${hint}`
}
