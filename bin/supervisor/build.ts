import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { readdir, readFile, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { stripVTControlCharacters } from 'node:util'
import { step } from '../tools/progress.mjs'
import { bundleWorker, WORKER_FILE } from './worker-bundle'

const NEXT = 'node_modules/next/dist/bin/next'

/** Folders and files at the top that cannot change what is built. */
const APART =
  /^(node_modules|dist|tests|docs|test-results|playwright-report|coverage|next-env\.d\.ts|.*\.md|.*\.tsbuildinfo|LICENSE|\..*)$/

/** What a build may not know: it has to work without a database and without secrets. */
const SECRETS = /^(DATABASE_|REDIS_URL$|NEXTAUTH_|KONTOR_(ADMIN|EFFECTS)_)/

/** Where Next builds to. */
export function buildFolder(): string {
  return process.env.KONTOR_DIST_DIR ?? '.next'
}

/** Builds site and worker, unless what stands was made from exactly these sources. */
export async function ensureBuilt(signal?: AbortSignal): Promise<void> {
  const digest = await sourceDigest()
  const remembered = await readFile(digestFile(), 'utf8').catch(() => '')
  if (remembered === digest && existsSync(WORKER_FILE)) return
  await buildAll(digest, signal)
}

/** Builds site and worker anew. */
export async function buildAll(digest?: string, signal?: AbortSignal): Promise<void> {
  const made = digest ?? (await sourceDigest())
  await rm(digestFile(), { force: true })
  await step('Building the site', 'Site built', () => buildSite(signal))
  await step('Building the worker', 'Worker built', () => bundleWorker())
  await writeFile(digestFile(), made)
}

function digestFile(): string {
  return path.join(buildFolder(), 'kontor-sources')
}

/** A digest of every file that the build could read, and of what else decides its result. */
async function sourceDigest(): Promise<string> {
  const hash = createHash('sha256').update(
    `${process.versions.node.split('.')[0]} ${process.env.KONTOR_STANDALONE ?? ''}\0`,
  )
  for (const file of await sources('.', true))
    hash
      .update(`${file}\0`)
      .update(await readFile(file))
      .update('\0')
  return hash.digest('hex')
}

async function sources(folder: string, isTop = false): Promise<string[]> {
  const entries = (await readdir(folder, { withFileTypes: true })).sort((a, b) => (a.name < b.name ? -1 : 1))
  const nested = entries
    .filter(({ name }) => !(isTop && APART.test(name)) && name !== 'node_modules')
    .map((entry) => {
      const file = path.join(folder, entry.name)
      if (entry.isDirectory()) return sources(file)
      return entry.isFile() && !entry.name.endsWith('.md') ? [file] : []
    })
  return (await Promise.all(nested)).flat()
}

function buildSite(signal: AbortSignal | undefined): Promise<void> {
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !SECRETS.test(name)))
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [NEXT, 'build'], {
      env: { ...env, NODE_ENV: 'production', NEXT_TELEMETRY_DISABLED: '1' },
      stdio: ['ignore', 'pipe', 'pipe'],
      signal,
    })
    let output = ''
    const keep = (chunk: Buffer) => {
      output += chunk
    }
    child.stdout.on('data', keep)
    child.stderr.on('data', keep)
    child.once('error', reject)
    child.once('exit', (code) => {
      if (code === 0) resolve()
      else reject(new Error(`The site could not be built. Next.js said:\n${lastLines(output)}`))
    })
  })
}

/** The end of what was said, where the reason is, without its colours. */
function lastLines(output: string): string {
  return stripVTControlCharacters(output).trim().split('\n').slice(-60).join('\n')
}
