import { OWNER_ROLE } from '@/lib/auth'
import { type Clock, systemClock } from '@/lib/db/clock'
import { describeRelation } from '@/lib/db/table-shape'
import { builtInHandlers, type Handlers, resolveHandlers } from '@/lib/effects'
import { checkFiles } from '@/lib/files'
import { resolveTasks, type TaskSource, type Tasks } from '@/lib/tasks'
import type { ResolvedWatcher } from '@/lib/watch'
import { type AppendOnlyPair, type Catalogue, type CatalogueEntry, isRelation, readCatalogue } from './catalogue'
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
import type { AnyStorageOption } from './resolve-storage'
import { resolveWatchers } from './resolve-watch'
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
  /** What subscriptions may name, and what follows from changes. */
  watchers: readonly ResolvedWatcher[]
  /** Decides what has expired. */
  clock: Clock
  /** The tree of a request, where the config gives one as a function. */
  treeOf?: NonNullable<Extract<AdminOptions['sections'], (...args: never[]) => unknown>>
}

/**
 * Checks the whole config and fills in every default, once at start.
 * @param clock decides what of ephemeral records has expired. Default: this machine's
 * @throws ConfigError with every mistake at once
 */
export function resolveAdmin({ options }: AdminDefinition, clock: Clock = systemClock): AdminSource {
  const problems = checkShape('admin', options, 'admin')
  if (problems.length > 0) throw new ConfigError(problems)
  const given = options.sections
  const literal = typeof given === 'function' ? undefined : given
  const named = [...relationsIn(literal), ...relationsIn(systemSections), ...watchedRelations(options)]
  const catalogue = readCatalogue({ ...options.schema }, named, pairsIn(literal, options))
  const work = resolveWork(options)
  const admin = resolveTree(
    options,
    literal ?? withoutCompanions(detect(options.schema ?? {}), catalogue),
    catalogue,
    clock,
    work.problems,
  )
  const { handlers, tasks } = work
  const watchProblems: Problem[] = []
  const resources = [...admin.resources.values()]
  const watchers = resolveWatchers(
    options,
    handlers,
    {
      isRecorded: (relation) => {
        const own = resources.filter(({ shape }) => shape.relation === relation)
        return own.length === 0 ? options.history !== false : own.some(({ history }) => history)
      },
      isSecret: (relation, field) =>
        resources.some(({ shape, fields }) => shape.relation === relation && fields.get(field)?.isSecret === true),
    },
    watchProblems,
  )
  if (watchProblems.length > 0) throw new ConfigError(watchProblems)
  const treeOf = typeof given === 'function' ? given : undefined
  return { options, catalogue, admin, handlers, tasks, watchers, clock, treeOf }
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
  clock: Clock,
  earlier: readonly Problem[] = [],
): Admin {
  const problems = [...earlier, ...checkTree(given)]
  if (problems.length > earlier.length) throw new ConfigError(problems)
  const sections: Sections = { ...given, ...systemSections }
  const placed = placeResources(sections, catalogue)
  // The first place a relation stands at is the one that links and pickers lead to.
  const keyByRelation = new Map(placed.toReversed().map(({ entry, key }) => [entry.shape.relation, key]))
  const resourceOf = (name: string) => keyByRelation.get(catalogue.byRelation.get(name)?.shape.relation ?? name)
  const storageOf = storages(options, placed, catalogue, problems)
  const resources = new Map<string, Resource>()
  for (const place of placed) {
    resources.set(place.key, resolveResource(place, { catalogue, options, problems, resourceOf, storageOf, clock }))
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
  if (typeof options.sections === 'function') checkTasks(placed, problems)
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
    byRelation: new Map(
      [...keyByRelation].flatMap(([relation, key]) => {
        const { versions } = catalogue.byRelation.get(relation) ?? {}
        return [relation, ...(versions ? [versions.relation] : [])].map((name) => [name, resources.get(key)!] as const)
      }),
    ),
  } satisfies Admin)
}

/** Handlers and tasks with every default filled in, and what is wrong with them. */
function resolveWork({ effects = {}, builtIn, tasks = [], sections }: AdminOptions) {
  const found = resolveHandlers([
    { path: 'built-in', handlers: builtInHandlers(builtIn) },
    { path: 'admin.effects', handlers: effects },
  ])
  const scheduled = resolveTasks([{ path: 'admin.tasks', tasks }, ...tasksOfResources(sections)])
  const problems = [...found.checks, ...checkStore(builtIn?.files), ...scheduled.checks]
  return { handlers: found.handlers, tasks: scheduled.tasks, problems }
}

/** A tree that is a function of the request has none: see `checkTasks`. What is malformed, others tell. */
function tasksOfResources(given: AdminOptions['sections']): TaskSource[] {
  return Object.entries(typeof given === 'function' ? {} : (given ?? {})).flatMap(([section, made]) =>
    Object.entries(made?.resources ?? {}).map(([slug, resource]) => ({
      path: `sections.${section}.${slug}.tasks`,
      tasks: Array.isArray(resource?.options?.tasks) ? resource.options.tasks : [],
    })),
  )
}

/** Workers have no request, so they never see such a tree. */
function checkTasks(placed: readonly Place[], problems: Problem[]): void {
  for (const { path, definition } of placed) {
    if (!definition.options.tasks?.length) continue
    problems.push({
      id: 'tasks.place',
      path: `${path}.tasks`,
      message: 'A tree that is a function of the request has no tasks of its own: nobody asks when they are due.',
      hint: 'Declare them on the site: defineAdmin({ tasks: [ … ] }).',
    })
  }
}

function checkStore(files: unknown): Problem[] {
  if (files === undefined) return []
  return checkFiles(files).map(({ option, message, hint }) => ({
    id: 'files.option',
    path: option ? `admin.builtIn.files.${option}` : 'admin.builtIn.files',
    message: `${message}.`,
    hint,
  }))
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

/** The append-only tables of a config, which the catalogue has to know before the tree is resolved. */
function pairsIn(sections: Sections | undefined, { storage = {} }: AdminOptions): AppendOnlyPair[] {
  const own = Object.values(sections ?? {}).flatMap((section) =>
    Object.values(section?.resources ?? {}).flatMap((definition) =>
      isRelation(definition?.relation)
        ? [[describeRelation(definition.relation).relation, definition.options?.storage] as const]
        : [],
    ),
  )
  return [...Object.entries(storage), ...own].flatMap(([versions, option]) =>
    typeof option === 'object' && option.kind === 'appendOnly' && isRelation(option.current)
      ? [{ versions, current: option.current }]
      : [],
  )
}

/** The companion of an append-only table is no resource of its own. */
function withoutCompanions(sections: Sections, { byRelation }: Catalogue): Sections {
  const isCompanion = ({ relation }: ResourceDefinition) => {
    const { relation: name } = describeRelation(relation)
    return byRelation.get(name)?.current?.relation === name
  }
  return Object.fromEntries(
    Object.entries(sections).map(([key, section]) => {
      const kept = Object.entries(section.resources).filter(([, definition]) => !isCompanion(definition))
      return [key, { ...section, resources: Object.fromEntries(kept) }]
    }),
  )
}

/** How each table lives: what the site says of it, else what its resource does. */
function storages(options: AdminOptions, placed: readonly Place[], { byRelation }: Catalogue, problems: Problem[]) {
  const found = new Map<string, AnyStorageOption>(Object.entries(options.storage ?? {}))
  for (const { entry, definition, path } of placed) {
    const { relation } = entry.versions ?? entry.shape
    const given = definition.options.storage as AnyStorageOption | undefined
    if (given === undefined) continue
    // Workers and `migrate` know no request, and two places of one table are one table.
    const isLate = typeof options.sections === 'function' && options.storage?.[relation] === undefined
    if (isLate && given !== 'table')
      problems.push({
        id: 'storage.request',
        path: `${path}.storage`,
        message: 'how a table lives cannot depend on the request.',
        hint: `Name it at the site: storage: { '${relation}': … }.`,
      })
    if (!found.has(relation)) found.set(relation, given)
  }
  return (relation: string): AnyStorageOption =>
    found.get(byRelation.get(relation)?.versions?.relation ?? relation) ?? 'table'
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

const watchedRelations = ({ watch = [] }: AdminOptions) => watch.map(({ table }) => table as unknown).filter(isRelation)

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
