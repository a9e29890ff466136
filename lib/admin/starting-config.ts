import { type CatalogueEntry, readCatalogue } from './catalogue'
import { sectionKey, unusedKey } from './detect'
import { inWords } from './words'

/**
 * The text of an admin.config.ts that lists every table and view of a Drizzle module, one line each, to be edited.
 * @param schema the module the config will import as '@/drizzle/schema'
 * @param title what the site is called
 */
export function startingConfig(schema: Record<string, unknown>, title: string): string {
  const sections = new Map<string, { label: string; lines: string[]; taken: Record<string, true> }>()
  for (const entry of readCatalogue(schema).entries) {
    const key = sectionKey(entry.shape.schema)
    const label = entry.shape.schema === 'public' ? title : inWords(entry.shape.schema)
    const section = sections.get(key) ?? { label, lines: [], taken: {} }
    sections.set(key, section)
    const slug = unusedKey(entry, section.taken)
    section.taken[slug] = true
    section.lines.push(
      ...remarksOn(entry),
      `${property(slug)}: resource(schema.${entry.exportName}${optionsFor(entry)}),`,
    )
  }
  const tree = [...sections].map(
    ([key, { label, lines }]) => `    ${property(key)}: section(${literal(label)}, {}, {
${lines.map((line) => `      ${line}`).join('\n')}
    }),`,
  )
  return `import * as schema from '@/drizzle/schema'
import { defineAdmin, resource, section } from '@/lib/admin'

/*
 * Every table and view, a line each. What a line may say beside the table is in docs/configuration.md:
 * labels, columns, search, filters, forms, validation, hooks, who may do what.
 * Without \`sections\` all of this is detected; a line removed here is a resource less.
 */

export default defineAdmin({
  title: ${literal(title)},
  schema,
  sections: {
${tree.join('\n')}
  },
})
`
}

/** People are called by both of their names; every other title is found by itself. */
function optionsFor({ shape }: CatalogueEntry): string {
  const first = shape.columns.find(({ field }) => /^(first|given)name$/i.test(field))
  const last = shape.columns.find(({ field }) => /^((last|family|sur)name)$/i.test(field))
  if (!first || !last || shape.columns.some(({ field }) => field === 'name')) return ''
  return `, { title: (person) => [person.${first.field}, person.${last.field}].filter(Boolean).join(' ') }`
}

function remarksOn({ isJoin, shape }: CatalogueEntry): string[] {
  if (isJoin) {
    const targets = shape.foreignKeys.map(({ target }) => target.table).join(' and ')
    return [`// Joins ${comment(targets)}: without this line it is a choice of records on their pages instead.`]
  }
  if (shape.kind === 'view') return ["// A view: { key: ['…'] } names the columns by which a row can be opened."]
  if (shape.primaryKey.length === 0) return ['// Without a primary key its rows are listed and cannot be opened.']
  return []
}

function property(key: string): string {
  return /^[A-Za-z_]\w*$/.test(key) ? key : literal(key)
}

function literal(text: string): string {
  return `'${JSON.stringify(text).slice(1, -1).replaceAll('\\"', '"').replaceAll("'", "\\'")}'`
}

function comment(text: string): string {
  return text.replace(/\s+/g, ' ')
}
