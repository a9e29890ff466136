import { AdminError, type FieldErrors } from '@/lib/errors'
import type { Texts } from '@/lib/storage'
import type { Changeset } from '../changeset'
import type { RecordValues, Resource } from '../tree'

/**
 * A changeset under way. Remembers for each value the exact text the person gave: a value that hooks and validators
 * leave alone is written as that text, so that nothing is lost between Postgres's types and JavaScript's.
 */
export class Draft implements Changeset {
  values: RecordValues = {}
  readonly errors: FieldErrors = {}
  readonly #given = new Map<string, { text: string | null; value: unknown; fingerprint: string | null | undefined }>()

  constructor(
    private readonly resource: Resource,
    private readonly stored: Texts | undefined,
  ) {}

  /** Takes a parsed text in. */
  give(name: string, text: string | null): void {
    const { kind, column } = this.#field(name)
    this.values[name] = text === null ? null : kind.toValue(text, column)
    this.#given.set(name, { text, value: this.values[name], fingerprint: this.#fingerprint(name) })
  }

  addError(field: string, message: string): void {
    const list = this.errors[field] ?? []
    list.push(message)
    this.errors[field] = list
  }

  changes(name: string): boolean {
    return name in this.values && this.text(name) !== this.stored?.[name]
  }

  /** The text to write for a value: the person's own where nobody touched it since. */
  text(name: string): string | null {
    const given = this.#given.get(name)
    if (given && given.fingerprint === undefined && given.value === this.values[name]) return given.text
    const now = this.#textOf(name)
    return given && given.fingerprint === now ? given.text : now
  }

  /** Everything to write; for an update only what differs from the stored record. */
  texts(): Texts {
    const names = Object.keys(this.values).filter((name) => this.values[name] !== undefined)
    return Object.fromEntries(names.filter((name) => this.changes(name)).map((name) => [name, this.text(name)]))
  }

  /** @throws AdminError `invalid` with every message so far */
  assertValid(): void {
    const names = Object.keys(this.errors)
    if (names.length === 0) return
    const general = this.errors['']?.[0]
    throw new AdminError('invalid', general ?? 'Some fields need another look.', { fields: this.errors })
  }

  /** Tells whether a value was changed in place; undefined for what JavaScript cannot hold ('infinity' as a Date). */
  #fingerprint(name: string): string | null | undefined {
    try {
      return this.#textOf(name)
    } catch {
      return undefined
    }
  }

  #textOf(name: string): string | null {
    const value = this.values[name]
    if (value === null || value === undefined) return null
    const { kind, column } = this.#field(name)
    return kind.toText(value, column)
  }

  #field(name: string) {
    const field = this.resource.fields.get(name)
    if (!field)
      throw new AdminError('invalid', `${this.resource.plural} have no field “${name}”.`, {
        fields: { '': [`There is no field “${name}”.`] },
      })
    return field
  }
}
