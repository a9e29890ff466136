import { execFile } from 'node:child_process'
import { mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import { onTestFinished } from 'vitest'

/**
 * A folder that stands for somebody's clone: it has this one's lib and packages, and a drizzle/ and admin.config.ts of
 * its own. Removed when the test ends, or by `remove` where it is made outside of one.
 */
export async function createProject(): Promise<{ root: string; remove(): Promise<void>; compile(): Promise<string> }> {
  const root = await mkdtemp(path.join(tmpdir(), 'kontor-project-'))
  const here = process.cwd()
  for (const name of ['lib', 'node_modules']) await symlink(path.join(here, name), path.join(root, name))
  await writeFile(path.join(root, 'package.json'), '{ "type": "module" }')
  const config = {
    extends: path.join(here, 'tsconfig.json'),
    compilerOptions: {
      paths: { '@/drizzle/*': ['./drizzle/*'], '@/lib/admin': ['./lib/admin/define.ts'], '@/*': [`${here}/*`] },
      incremental: false,
      plugins: [],
    },
    include: ['drizzle/**/*.ts', 'admin.config.ts'],
    exclude: [],
  }
  await writeFile(path.join(root, 'tsconfig.json'), JSON.stringify(config))
  return {
    root,
    remove: () => rm(root, { recursive: true, force: true }),
    compile: () => compile(root),
  }
}

/** A project for the length of the calling test. */
export async function createTestProject() {
  const project = await createProject()
  onTestFinished(project.remove)
  return project
}

/** What the compiler has to say about the project's own files; empty where it is content. */
async function compile(root: string): Promise<string> {
  const tsc = path.resolve('node_modules/.bin/tsc')
  return promisify(execFile)(tsc, ['--noEmit', '--pretty', 'false', '-p', root]).then(
    () => '',
    (error: { stdout?: string }) => error.stdout ?? String(error),
  )
}
