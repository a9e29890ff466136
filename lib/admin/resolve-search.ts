import { didYouMean, type Problem } from './checks'
import type { Field, ManyToMany, Reference, RelatedList, Resource, SearchTarget } from './tree'

type Association = Reference | RelatedList | ManyToMany

/**
 * What a search looks through: the paths given, each a field or one across associations ('category.name',
 * 'comments.author.name'); every searchable text of the table where none are given.
 */
export function resolveSearch(
  resource: Resource,
  paths: readonly string[] | undefined,
  resources: ReadonlyMap<string, Resource>,
  at: string,
  problems: Problem[],
): SearchTarget[] {
  if (!paths)
    return [...resource.fields.values()]
      .filter(({ kind, name }) => kind.isSearchable && !resource.storage.managed.has(name))
      .map((field) => ({ path: [], field }))
  return paths.flatMap((path, index) => {
    const steps = path.split('.')
    const last = steps.pop() ?? ''
    const associations: Association[] = []
    let end: Resource = resource
    for (const step of steps) {
      const association = associationsOf(end).get(step)
      const next = association && resources.get(association.resource)
      if (!association || !next) {
        const hint = didYouMean(step, associationsOf(end).keys())
        problems.push({
          id: 'search.path',
          path: `${at}[${index}]`,
          message: `${end.plural} have no association “${step}”.`,
          hint,
        })
        return []
      }
      associations.push(association)
      end = next
    }
    const field = end.fields.get(last)
    if (field) return [{ path: associations, field }]
    problems.push({
      id: 'search.path',
      path: `${at}[${index}]`,
      message: `${end.plural} have no field “${last}”.`,
      hint: didYouMean(last, end.fields.keys()),
    })
    return []
  })
}

/** Associations by the name a path calls them: 'category' for the field categoryId, else the association's own name. */
function associationsOf(resource: Resource): Map<string, Association> {
  const found = new Map<string, Association>()
  for (const association of [...resource.manyToMany, ...resource.related]) found.set(association.name, association)
  // A single column's association has the name to itself; one that shares the column has it where it is free.
  for (const reference of resource.references.toSorted((a, b) => b.fields.length - a.fields.length))
    found.set(associationName(reference.fields[0] ?? ''), reference)
  return found
}

/** 'categoryId' and 'category_id' are the association 'category'. */
export function associationName(field: Field['name']): string {
  return field.replace(/(_id|Id|_ID|ID)$/, '') || field
}
