import { readFile } from 'node:fs/promises'
import { type BuildOptions, build, type Plugin } from 'esbuild'

export const WORKER_FILE = 'dist/worker.mjs'

/** The worker as one file for plain Node: packages stay packages, what only a browser can use is left out. */
export const workerBundle: BuildOptions = {
  entryPoints: ['worker/main.ts'],
  outfile: WORKER_FILE,
  bundle: true,
  platform: 'node',
  format: 'esm',
  target: 'node20',
  packages: 'external',
  jsx: 'automatic',
  sourcemap: true,
  logLevel: 'silent',
  plugins: [browserOnly()],
}

/** @throws Error with esbuild's own account of what is wrong and where */
export async function bundleWorker(outfile = WORKER_FILE): Promise<void> {
  try {
    await build({ ...workerBundle, outfile })
  } catch (error) {
    throw new Error(`The worker could not be built.\n${(error as Error).message}`, { cause: error })
  }
}

/** Has every name one could import, without a value: a module of CommonJS tells its names only when it runs. */
const STAND_IN = `export * from 'kontor:nothing'\nexport { default } from 'kontor:nothing'`

/**
 * The config names components; the worker never draws one. A component loaded lazily is not resolved, a style sheet or
 * a module marked 'use client' becomes an empty one, and so does the guard `server-only`, which throws outside of Next.
 */
function browserOnly(): Plugin {
  return {
    name: 'browser-only',
    setup({ onResolve, onLoad, resolve }) {
      onResolve({ filter: /^(server-only|kontor:nothing)$/ }, ({ path }) => ({ path, namespace: 'empty' }))
      onResolve({ filter: /\.css$/ }, ({ path }) => ({ path, namespace: 'empty' }))
      onResolve({ filter: /^(\.|@\/)/ }, async ({ path, kind, pluginData, ...from }) => {
        if (pluginData === 'resolving') return undefined
        const found = await resolve(path, { kind, ...from, pluginData: 'resolving' })
        // A module of ours that is not there would pass for a package.
        if (found.external) return { errors: [{ text: `There is no ${path}` }] }
        return kind === 'dynamic-import' && /\.tsx$/.test(found.path) ? { path: found.path, namespace: 'empty' } : found
      })
      onLoad({ filter: /.*/, namespace: 'empty' }, () => ({ contents: 'module.exports = {}', loader: 'js' }))
      onLoad({ filter: /\.tsx?$/ }, async ({ path }) => {
        const contents = await readFile(path, 'utf8')
        const isClient = /^(\s|\/\*[\s\S]*?\*\/|\/\/.*\n)*['"]use client['"]/.test(contents)
        return isClient ? { contents: STAND_IN, loader: 'js' } : undefined
      })
    },
  }
}
