import type { Texts } from '@/lib/storage'
import type { RecordValues, Resource } from './tree'

/**
 * The record as callbacks see it, from its Postgres texts. What a page does not load whole (the bytes of a bytea) is
 * left out.
 */
export function toRecord(resource: Resource, texts: Texts): RecordValues {
  const record: RecordValues = {}
  for (const [name, { kind, column }] of resource.fields) {
    const text = texts[name]
    if (text === undefined || (!kind.isEditable && kind.select)) continue
    record[name] = text === null ? null : kind.toValue(text, column)
  }
  return record
}

/** What the record is called; its id where the title comes out empty. */
export function titleOf(resource: Resource, texts: Texts, id: string): string {
  const { field } = resource.title
  const title = field ? (texts[field.name] ?? '') : resource.title.of(toRecord(resource, texts))
  return title.trim() === '' ? `${resource.singular} ${id}` : title
}
