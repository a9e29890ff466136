#!/usr/bin/env node
// `npm start` and `npm run dev`: from a fresh clone to a running site. Plain Node until the packages are there.

import { ensureInstalled } from './tools/install.mjs'
import { stopWith } from './tools/progress.mjs'
import { enableTypeScript } from './tools/typescript.mjs'

try {
  await ensureInstalled()
  await enableTypeScript()
  const { start } = await import('./supervisor/main.ts')
  await start({ isDev: process.argv.includes('--dev') })
} catch (error) {
  stopWith(error)
}
