'use client'

import styles from './form.module.css'
import { type FormNames, inputId } from './form-values'
import type { Failure } from './use-record-form'

/** What kept the record from being saved, on top of the form: the message, and a link to each field that is wrong. */
export function FormSummary({ failure, names }: { failure: Failure; names: FormNames }) {
  const inForm = new Map(names.fields.map(({ field }) => [field.name, field.label]))
  const entries = Object.entries(failure.fields).flatMap(([name, messages]) =>
    messages.map((message) => ({ name, message })),
  )
  const isSaid = entries.some(({ message }) => failure.message.includes(message))
  return (
    <div id="form-summary" tabIndex={-1} role="alert" className={styles.summary}>
      {!isSaid && <p className={styles.summaryText}>{failure.message}</p>}
      {entries.length > 0 && (
        <ul>
          {entries.map(({ name, message }) => {
            const label = inForm.get(name)
            return (
              <li key={`${name} ${message}`}>
                {label ? (
                  <a href={`#${inputId(name)}`} onClick={(event) => focusField(event, name)}>
                    {message.startsWith(label) ? (
                      message
                    ) : (
                      <>
                        <b>{label}</b>: {message}
                      </>
                    )}
                  </a>
                ) : (
                  withName(name, message)
                )}
              </li>
            )
          })}
        </ul>
      )}
    </div>
  )
}

/** An error of a field that is not in this form says whose it is. */
function withName(name: string, message: string): string {
  return name && !message.includes(name) ? `${name}: ${message}` : message
}

function focusField(event: { preventDefault(): void }, name: string): void {
  const element = document.getElementById(inputId(name))
  if (!element) return
  event.preventDefault()
  element.focus({ preventScroll: true })
  element.scrollIntoView({ block: 'center' })
}
