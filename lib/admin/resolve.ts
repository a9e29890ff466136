import { OWNER_ROLE } from '@/lib/auth'
import { builtInHandlers, type Handlers, resolveHandlers } from '@/lib/effects'
import { resolveTasks, type Tasks } from '@/lib/tasks'
import { type Catalogue, type CatalogueEntry, isRelation, readCatalogue } from './catalogue'
import {
  ConfigError,
  checkRelation,
  checkShape,
  checkSlug,
  type Problem,
  RESERVED_RESOURCES,
  RESERVED_SECTIONS,
} from './checks'
import type { AdminDefinition, AdminOptions, ResourceDefinition, Sections } from './define'
import { detect } from './detect'
import { resolveResource } from './resolve-resource'
import { resolveSearch } from './resolve-search'
import { systemSections } from './system-resources'
import type { Admin, Resource, Section } from './tree'
import { inWords } from './words'

/** The config with its fixed catalogue read once; trees of a request are resolved against it. */
export interface AdminSource {
  options: AdminOptions
  catalogue: Catalogue
  /** The literal (or detected) tree; for a tree that is a function, everything detected: what workers and `migrate` use. */
  admin: Admin
  /** What carries out effects: the config's and the built-in kinds. */
  handlers: Handlers
  tasks: Tasks
  /** The tree of a request, where the config gives one as a function. */
  treeOf?: NonNullable<Extract<AdminOptions['sections'], (...args: never[]) => unknown>>
}

/**
 * Checks the whole config and fills in every default, once at start.
 * @throws ConfigError with every mistake at once
 */
export function resolveAdmin({ options }: AdminDefinition): AdminSource {
  const problems = checkShape('admin', options, 'admin')
  if (problems.length > 0) throw new ConfigError(problems)
  const given = options.sections
  const literal = typeof given === 'function' ? undefined : given
  const catalogue = readCatalogue({ ...options.schema }, [...relationsIn(literal), ...relationsIn(systemSections)])
  const work = resolveWork(options)
  const admin = resolveTree(options, literal ?? detect(options.schema ?? {}), catalogue, work.problems)
  const { handlers, tasks } = work
  return { options, catalogue, admin, handlers, tasks, treeOf: typeof given === 'function' ? given : undefined }
}

/**
 * One tree against a catalogue. Cost: one pass over its resources, so a tree that is a function of the request may be
 * resolved per request.
 * @throws ConfigError with every mistake at once
 */
export function resolveTree(
  options: AdminOptions,
  given: Sections,
  catalogue: Catalogue,
  earlier: readonly Problem[] = [],
): Admin {
  const problems = [...earlier, ...checkTree(given)]
  if (problems.length > earlier.length) throw new ConfigError(problems)
  const sections: Sections = { ...given, ...systemSections }
  const placed = placeResources(sections, catalogue)
  // The first place a relation stands at is the one that links and pickers lead to.
  const keyByRelation = new Map(placed.toReversed().map(({ entry, key }) => [entry.shape.relation, key]))
  const resources = new Map<string, Resource>()
  for (const place of placed) {
    resources.set(
      place.key,
      resolveResource(place, { catalogue, options, problems, resourceOf: (name) => keyByRelation.get(name) }),
    )
  }
  // Search paths lead through other resources, so they are resolved once all of them stand.
  for (const { key, path, definition } of placed) {
    const resource = resources.get(key)!
    resource.list.search = resolveSearch(
      resource,
      definition.options.list?.search,
      resources,
      `${path}.list.search`,
      problems,
    )
  }
  checkHome(options, resources, problems)
  if (problems.length > 0) throw new ConfigError(problems)

  return Object.freeze({
    title: options.title ?? 'Kontor',
    logo: options.logo,
    footer: options.footer,
    theme: { accent: options.theme?.accent, scheme: options.theme?.scheme ?? 'auto' },
    locale: options.locale ?? 'en',
    timeZone: options.timeZone ?? 'UTC',
    home: options.home ?? 'dashboard',
    dashboard: options.dashboard === 'hidden' ? 'hidden' : options.dashboard === false ? 'off' : 'shown',
    roles: [...new Set([OWNER_ROLE, ...(options.roles ?? ['editor'])])],
    sections: menuSections(given, resources),
    resources,
    byRelation: new Map([...keyByRelation].map(([relation, key]) => [relation, resources.get(key)!])),
  } satisfies Admin)
}

/** Handlers and tasks with every default filled in, and what is wrong with them. */
function resolveWork({ effects = {}, tasks = [] }: AdminOptions) {
  const found = resolveHandlers([
    { path: 'built-in', handlers: builtInHandlers() },
    { path: 'admin.effects', handlers: effects },
  ])
  const scheduled = resolveTasks([{ path: 'admin.tasks', tasks }])
  return { handlers: found.handlers, tasks: scheduled.tasks, problems: [...found.checks, ...scheduled.checks] }
}

export interface Place {
  section: string
  slug: string
  key: string
  path: string
  definition: ResourceDefinition
  entry: CatalogueEntry
}

function placeResources(sections: Sections, catalogue: Catalogue): Place[] {
  const entries = new Map(catalogue.entries.map((entry) => [entry.relation as unknown, entry]))
  return Object.entries(sections).flatMap(([section, { resources }]) =>
    Object.entries(resources).map(([slug, definition]) => ({
      section,
      slug,
      key: `${section}/${slug}`,
      path: `sections.${section}.${slug}`,
      definition,
      // A tree of a request may name a table object the catalogue knows under the same name.
      entry: entries.get(definition.relation) ?? readCatalogue({}, [definition.relation]).entries[0]!,
    })),
  )
}

function checkTree(sections: Sections): Problem[] {
  const problems: Problem[] = []
  const seen = new Map<string, string>()
  for (const [key, section] of Object.entries(sections)) {
    const path = `sections.${key}`
    problems.push(...checkSlug(key, RESERVED_SECTIONS, path))
    if (!section || typeof section !== 'object' || !('resources' in section)) {
      problems.push({ id: 'section.shape', path, message: 'expected section(label, options, resources).' })
      continue
    }
    const twin = seen.get(key.toLowerCase())
    if (twin)
      problems.push({
        id: 'slug.duplicate',
        path,
        message: `has the same address as “${twin}”.`,
        hint: 'Rename one of them.',
      })
    seen.set(key.toLowerCase(), key)
    problems.push(...checkShape('section', section.options, path))
    const slugs = new Map<string, string>()
    for (const [slug, definition] of Object.entries(section.resources)) {
      const at = `${path}.${slug}`
      const other = slugs.get(slug.toLowerCase())
      if (other)
        problems.push({
          id: 'slug.duplicate',
          path: at,
          message: `has the same address as “${other}”.`,
          hint: 'Rename one of them.',
        })
      slugs.set(slug.toLowerCase(), slug)
      problems.push(...checkSlug(slug, RESERVED_RESOURCES, at))
      problems.push(...checkRelation(definition?.relation, at))
      problems.push(...checkShape('resource', definition?.options, at))
    }
  }
  return problems
}

function relationsIn(sections: Sections | undefined) {
  return Object.values(sections ?? {}).flatMap((section) =>
    Object.values(section?.resources ?? {}).flatMap((definition) =>
      isRelation(definition?.relation) ? [definition.relation] : [],
    ),
  )
}

function checkHome({ home, dashboard }: AdminOptions, resources: ReadonlyMap<string, Resource>, problems: Problem[]) {
  if (home === undefined || home === 'dashboard') {
    if (home === 'dashboard' && dashboard === false) {
      problems.push({
        id: 'home.missing',
        path: 'admin.home',
        message: 'the dashboard is switched off.',
        hint: "Name a resource such as 'catalogue/products'.",
      })
    }
    return
  }
  if (!resources.has(home)) {
    problems.push({
      id: 'home.missing',
      path: 'admin.home',
      message: `there is no resource “${home}”.`,
      hint: "Use 'dashboard' or 'section/resource'.",
    })
  }
}

function menuSections(given: Sections, resources: ReadonlyMap<string, Resource>): Section[] {
  const byOrder =
    <T extends { order: number }>(label: (item: T) => string) =>
    (a: T, b: T) =>
      a.order - b.order || label(a).localeCompare(label(b))
  return Object.entries(given)
    .map(([key, { label, options, resources: own }]) => ({
      key,
      label: label ?? inWords(key),
      icon: options.icon ?? ('folder' as const),
      order: options.order ?? 999,
      resources: Object.keys(own)
        .map((slug) => resources.get(`${key}/${slug}`)!)
        .sort(byOrder((item) => item.plural)),
    }))
    .sort((a, b) => a.order - b.order)
}
