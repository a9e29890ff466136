#!/usr/bin/env node
// `npm run <command>`: runs bin/<command>.ts. Such a file exports `run(args)`, which resolves to the exit code.

import { existsSync } from 'node:fs'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { ensureInstalled, ROOT } from './tools/install.mjs'
import { stopWith } from './tools/progress.mjs'
import { enableTypeScript } from './tools/typescript.mjs'

const [command = '', ...args] = process.argv.slice(2)
const file = path.join(ROOT, 'bin', `${command}.ts`)

try {
  if (!/^[a-z-]+$/.test(command) || !existsSync(file)) throw new Error(`There is no command "${command}".`)
  await ensureInstalled()
  await enableTypeScript()
  const { run } = await import(pathToFileURL(file).href)
  if (existsSync('.env')) process.loadEnvFile('.env')
  process.exitCode = (await run(args)) ?? 0
} catch (error) {
  stopWith(error)
}
