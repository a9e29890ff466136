import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { build } from 'esbuild'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { workerBundle } from '@/bin/supervisor/worker-bundle'

let folder: string

beforeAll(async () => {
  folder = await mkdtemp(path.resolve('node_modules/.kontor-bundle-'))
})

afterAll(() => rm(folder, { recursive: true }))

async function bundle(files: Record<string, string>): Promise<{ text: string; module: Record<string, unknown> }> {
  for (const [name, text] of Object.entries(files)) await writeFile(path.join(folder, name), text)
  const outfile = path.join(folder, 'out.mjs')
  await build({ ...workerBundle, entryPoints: [path.join(folder, 'entry.ts')], outfile })
  return {
    text: await readFile(outfile, 'utf8'),
    module: await import(`${pathToFileURL(outfile).href}?${Math.random()}`),
  }
}

it('leaves out what only a browser can use', async () => {
  const { text, module } = await bundle({
    'entry.ts': `import 'server-only'
      import './look.css'
      import { Button } from './button'
      import { price } from './price'
      export const cell = () => import('./cell')
      export { price }
      export const button = typeof Button`,
    'look.css': '.loud { color: red }',
    'button.tsx': `// a client leaf\n'use client'\nimport './look.css'\nexport const Button = () => <b>browser only</b>`,
    'cell.tsx': 'export default () => <i>drawn on the page</i>',
    'price.ts': 'export const price = (cents: number) => cents / 100',
  })
  expect(text).not.toMatch(/browser only|drawn on the page|color: red/)
  expect((module.price as (cents: number) => number)(250)).toBe(2.5)
  expect(module.button).toBe('undefined')
  expect(module.cell).toBeTypeOf('function')
})

it('keeps what is loaded lazily but is no component', async () => {
  const { module } = await bundle({
    'entry.ts': `export const load = async () => (await import('./handler')).run()`,
    'handler.ts': `export const run = () => 'ran'`,
  })
  expect(await (module.load as () => Promise<string>)()).toBe('ran')
})

it('names a module of ours that is not there', async () => {
  const gone = bundle({ 'entry.ts': `import { gone } from '@/lib/gone'\nconsole.log(gone)` })
  await expect(gone).rejects.toThrow('There is no @/lib/gone')
})
