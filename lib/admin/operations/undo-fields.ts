import { AdminError, forbidden } from '@/lib/errors'
import type { LoggedValue, UndoStep } from '@/lib/history'
import type { Texts } from '@/lib/storage'
import type { OperationContext } from '../context'
import { showValue } from '../history/differences'
import type { UndoRequest } from '../history/undo-view'
import type { Field } from '../tree'
import type { UndoSubject } from './undo-subject'

/** The fields of a subject by their columns. */
export class FieldsOf {
  readonly #byColumn: Map<string, Field>
  readonly #links: Map<string, string>

  constructor(
    private readonly ctx: OperationContext,
    private readonly subject: UndoSubject,
  ) {
    const { resource, link } = subject
    this.#byColumn = new Map(link ? [] : [...resource.fields.values()].map((field) => [field.column.name, field]))
    this.#links = new Map(link?.join.columns.map(({ name, field }) => [name, field]))
  }

  ofColumn(column: string): Field | undefined {
    return this.#byColumn.get(column)
  }

  field(name: string): Field | undefined {
    return this.subject.link ? undefined : this.subject.resource.fields.get(name)
  }

  label(column: string): string {
    return this.#byColumn.get(column)?.label ?? column
  }

  isManaged(column: string): boolean {
    const field = this.#byColumn.get(column)
    return field !== undefined && this.subject.storage.managed.has(field.name)
  }

  mayBeEmpty(column: string): boolean {
    return this.#byColumn.get(column)?.column.notNull === false
  }

  /** What a step writes, by field. @throws AdminError `forbidden` for a field the person may not read */
  texts({ kind, values }: UndoStep): Texts {
    const texts: Texts = {}
    for (const [column, text] of Object.entries(values)) {
      const link = this.#links.get(column)
      const field = this.#byColumn.get(column)
      if (link !== undefined) texts[link] = text
      if (!field || field.column.isGenerated || this.isManaged(column)) continue
      // An undo is an update too.
      if (kind === 'set' && field.isTouched) continue
      if (!field.read(this.ctx)) throw forbidden(`The change touches ${field.label}, which you may not see.`)
      texts[field.name] = text
    }
    return texts
  }

  /** Columns with a value that no field has; nobody misses one that was empty. */
  unknown({ values }: UndoStep, request: UndoRequest): string[] {
    if (request.overrule) return []
    const isKnown = (column: string) => this.#byColumn.has(column) || this.#links.has(column)
    return Object.keys(values).filter((column) => values[column] !== null && !isKnown(column))
  }

  /** @throws AdminError `invalid` with what the field's kind says of it */
  parse(ctx: OperationContext, field: Field, text: string): string | null {
    const parsed = field.kind.parse(
      text,
      { ...field, choices: undefined },
      { locale: ctx.locale, timeZone: ctx.timeZone, now: ctx.clock.now() },
    )
    if (parsed.ok) return parsed.text
    throw new AdminError('invalid', `${field.label}: ${parsed.message}`)
  }

  /** A logged value as the person reads it. */
  async shown(column: string, value: LoggedValue): Promise<string | null> {
    return (await showValue(this.ctx, this.#byColumn.get(column), value)) ?? null
  }
}
