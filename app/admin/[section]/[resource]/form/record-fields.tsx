'use client'

import { Controller, type UseFormReturn } from 'react-hook-form'
import { FieldInput, ManyToManyInput } from '@/lib/admin/fields/client'
import type { FieldView, RecordView } from '@/lib/admin/view'
import type { FieldErrors } from '@/lib/errors'
import { describedBy, FieldRow } from './field-row'
import styles from './form.module.css'
import { type FormNames, type FormValues, inputId, type Linked } from './form-values'

interface Props {
  view: RecordView
  names: FormNames
  form: UseFormReturn<FormValues>
  shown: FormValues
  errors: FieldErrors
  onEdit: (name: string) => void
}

/** The form's groups in their order, each a heading and its fields in two columns; links to other records at the end. */
export function RecordFields(props: Props) {
  const { view, names } = props
  let at = 0
  return (
    <>
      {view.groups.map((group) => (
        <section key={group.fields[0]?.name} className={styles.group} aria-label={group.label || undefined}>
          {group.label && <h2>{group.label}</h2>}
          {group.description && <p className={styles.description}>{group.description}</p>}
          <div className={styles.fields}>
            {group.fields.map((field) => {
              const key = names.fields[at]?.key ?? ''
              const isFirst = at++ === 0
              return <FormField key={field.name} {...props} field={field} formKey={key} isFirst={isFirst} />
            })}
          </div>
        </section>
      ))}
      {names.links.length > 0 && (
        <section className={styles.group} aria-label="Linked records">
          <div className={styles.fields}>
            {names.links.map(({ key, link }) => (
              <LinkField key={link.name} {...props} link={link} formKey={key} />
            ))}
          </div>
        </section>
      )}
    </>
  )
}

interface FormFieldProps extends Props {
  field: FieldView
  formKey: string
  isFirst: boolean
}

function FormField({ view, field, formKey, isFirst, form, shown, errors, onEdit }: FormFieldProps) {
  const id = inputId(field.name)
  const messages = errors[field.name]
  const isEditable = field.access === 'editable'
  const zone = field.kind === 'timestamptz' ? field.timeZone : undefined
  // Where the page says that nothing can be changed, not every field needs to.
  const hint = [field.hint ?? zone, !isEditable && !view.resource.at && 'read-only'].filter(Boolean).join(', ')
  const before = shown[formKey]
  return (
    <FieldRow
      id={id}
      label={field.label}
      hint={hint || undefined}
      help={field.help}
      errors={messages}
      isRequired={isEditable && field.isRequired}
      isWide={field.width === 'full' || (isFirst && field.kind === 'text' && !field.choices)}
    >
      <Controller
        control={form.control}
        name={formKey}
        render={({ field: { value, onChange, onBlur } }) => (
          <FieldInput
            field={field}
            id={id}
            value={typeof value === 'string' ? value : null}
            shown={typeof before === 'string' ? before : null}
            onChange={(next) => {
              onChange(next)
              onEdit(field.name)
            }}
            onBlur={onBlur}
            error={messages?.join(' ')}
            describedBy={describedBy(id, field.help || hint || undefined, messages)}
          />
        )}
      />
    </FieldRow>
  )
}

interface LinkFieldProps extends Props {
  link: RecordView['manyToMany'][number]
  formKey: string
}

function LinkField({ view, link, formKey, form, errors, onEdit }: LinkFieldProps) {
  const id = inputId(link.name)
  const messages = errors[link.name]
  return (
    <FieldRow
      id={id}
      label={link.label}
      hint={link.isEditable || view.resource.at ? undefined : 'read-only'}
      errors={messages}
      isWide
    >
      <Controller
        control={form.control}
        name={formKey}
        render={({ field: { value, onChange, onBlur } }) => (
          <ManyToManyInput
            association={link}
            id={id}
            chosen={Array.isArray(value) ? value : []}
            onChange={(chosen) => {
              onChange(chosen.map(({ id: linked, label }): Linked => ({ id: linked, label })))
              onEdit(link.name)
            }}
            onBlur={onBlur}
            error={messages?.join(' ')}
            describedBy={describedBy(id, undefined, messages)}
          />
        )}
      />
    </FieldRow>
  )
}
