#!/usr/bin/env node
// `npm run check`: types, lint and format, architecture, unused code. All of them run, whatever the first ones say.

import { spawn } from 'node:child_process'
import { ensureInstalled } from './tools/install.mjs'
import { say, step, stopWith } from './tools/progress.mjs'

const CHECKS = [
  // Next.js writes next-env.d.ts and the types of the routes, which a fresh clone does not have.
  { doing: 'Writing the types of the routes', done: 'Route types written', program: 'next', args: ['typegen'] },
  { doing: 'Checking types', done: 'Types', program: 'tsc', args: ['--noEmit', '-p', '.'] },
  { doing: 'Checking lint and format', done: 'Lint and format', program: 'biome', args: ['ci', '--colors=off', '.'] },
  {
    doing: 'Checking the architecture',
    done: 'Architecture',
    program: 'vitest',
    args: ['run', 'tests/architecture.test.ts'],
    env: { KONTOR_TEST_DATABASE_URL: 'none' },
  },
  { doing: 'Looking for unused code', done: 'No unused code', program: 'knip', args: ['--no-progress'] },
]

try {
  await ensureInstalled()
  let failed = 0
  for (const check of CHECKS) {
    const output = await step(check.doing, check.done, () => run(check)).catch((error) => error)
    if (!(output instanceof Error)) continue
    failed++
    say(output.message)
  }
  if (failed > 0) throw new Error(`${failed} of ${CHECKS.length} checks failed.`)
} catch (error) {
  stopWith(error)
}

/** Resolves where the program ends well, else throws what it printed. */
function run({ program, args, env = {} }) {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [binaryOf(program), ...args], {
      env: { ...process.env, NO_COLOR: '1', NEXT_TELEMETRY_DISABLED: '1', ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    let output = ''
    const keep = (chunk) => {
      output += chunk
    }
    child.stdout.on('data', keep)
    child.stderr.on('data', keep)
    child.once('error', reject)
    child.once('exit', (code) => (code === 0 ? resolve(output) : reject(new Error(output.trim()))))
  })
}

function binaryOf(program) {
  const files = {
    next: 'next/dist/bin/next',
    tsc: 'typescript/bin/tsc',
    biome: '@biomejs/biome/bin/biome',
    vitest: 'vitest/vitest.mjs',
    knip: 'knip/bin/knip.js',
  }
  return `node_modules/${files[program]}`
}
