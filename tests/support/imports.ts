import { existsSync, readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'

export const ROOT = path.resolve(import.meta.dirname, '../..')

export interface Import {
  /** As it is written. */
  specifier: string
  /** The file from the root, e.g. 'lib/env.ts'; undefined for a package. */
  file: string | undefined
  /** Only types: nothing of it is left when the code runs. */
  isType: boolean
  /** `import('…')`: read when that line runs. */
  isLazy: boolean
}

export interface Module {
  file: string
  imports: Import[]
  /** 'use client', 'use server' or neither. */
  directive: string | undefined
}

const STATEMENT = /\b(?:import|export)\s+(type\s+)?(?:([^'";]*?)\s*from\s*)?['"]([^'"\n]+)['"]/g
const CALL = /\bimport\(\s*['"]([^'"\n]+)['"]\s*\)/g

/** Every TypeScript module in `folders` (files of the root by name too), with what it imports. */
export function readModules(folders: readonly string[]): Map<string, Module> {
  const files = folders.flatMap((folder) => listFiles(folder)).filter((file) => /\.tsx?$/.test(file))
  return new Map(files.map((file) => [file, readModule(file)]))
}

function readModule(file: string): Module {
  const text = withoutComments(readFileSync(path.join(ROOT, file), 'utf8'))
  const statements = [...text.matchAll(STATEMENT)].map(([, type, names, specifier]) => ({
    specifier: specifier ?? '',
    isType: type !== undefined || isTypesOnly(names),
    isLazy: false,
  }))
  const calls = [...text.matchAll(CALL)].map(([, specifier]) => ({
    specifier: specifier ?? '',
    isType: false,
    isLazy: true,
  }))
  return {
    file,
    imports: [...statements, ...calls].map((found) => ({ ...found, file: resolveFile(file, found.specifier) })),
    directive: /^\s*['"](use (?:client|server))['"]/.exec(text)?.[1],
  }
}

/** `import { type A, type B } from`: the compiler drops it as a whole. */
function isTypesOnly(names: string | undefined): boolean {
  const list = /^\{([^}]*)\}$/.exec(names?.trim() ?? '')?.[1]
  const parts = list
    ?.split(',')
    .map((name) => name.trim())
    .filter(Boolean)
  return parts !== undefined && parts.length > 0 && parts.every((name) => name.startsWith('type '))
}

function resolveFile(from: string, specifier: string): string | undefined {
  if (!/^(\.|@\/)/.test(specifier)) return undefined
  const base = specifier.startsWith('@/') ? specifier.slice(2) : path.join(path.dirname(from), specifier)
  const candidates = [base, `${base}.ts`, `${base}.tsx`, `${base}/index.ts`, `${base}/index.tsx`]
  return candidates.find((file) => /\.\w+$/.test(file) && existsSync(path.join(ROOT, file))) ?? base
}

function listFiles(entry: string): string[] {
  const full = path.join(ROOT, entry)
  if (!existsSync(full)) return []
  if (/\.\w+$/.test(entry)) return [entry]
  return readdirSync(full, { withFileTypes: true }).flatMap((child) => {
    const file = `${entry}/${child.name}`
    return child.isDirectory() ? listFiles(file) : [file]
  })
}

function withoutComments(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/(^|\s)\/\/.*$/gm, '$1')
}
