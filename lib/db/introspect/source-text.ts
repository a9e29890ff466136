/** A JavaScript string literal in single quotes. */
export function quote(text: string): string {
  const inner = JSON.stringify(text).slice(1, -1).replaceAll('\\"', '"').replaceAll("'", "\\'")
  return `'${inner}'`
}

/** A Drizzle `sql` template that is exactly `expression`. */
export function sqlTemplate(expression: string): string {
  return `sql\`${expression.replace(/[\\`]|\$\{/g, '\\$&')}\``
}

/** A JSDoc line; what would end it is taken apart. */
export function docComment(text: string): string {
  return `/** ${text.replaceAll('*/', '* /').replace(/\s+/g, ' ').trim()} */`
}

/** Remembers what a file uses of its neighbours and writes the import lines for it. */
export class Imports {
  private readonly byModule = new Map<string, Set<string>>()

  /** @returns the name itself, so that it can be used where it is imported */
  use(name: string, from: string): string {
    const names = this.byModule.get(from) ?? new Set()
    names.add(name)
    this.byModule.set(from, names)
    return name
  }

  toString(): string {
    return [...this.byModule]
      .sort(([a], [b]) => Number(a.startsWith('.')) - Number(b.startsWith('.')) || a.localeCompare(b))
      .map(([module, names]) => `import { ${[...names].sort().join(', ')} } from ${quote(module)}`)
      .join('\n')
  }
}
