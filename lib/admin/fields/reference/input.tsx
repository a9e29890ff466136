'use client'

import { useState } from 'react'
import type { FieldInputProps } from '../input'
import inputs from '../input.module.css'
import { PickOne } from '../picker/pick-one'
import { useOptions } from '../picker/use-options'
import { Arrow } from '../read-only'
import { TextInput } from '../text/input'
import { rememberLabels } from './labels'

/**
 * A record of another resource, found by typing. The server answers each term, so it serves a million targets as it
 * does ten. Where the targets may not be listed, the key itself is typed.
 */
export function ReferenceInput(props: FieldInputProps) {
  const { field, value, shown } = props
  const [term, setTerm] = useState('')
  const [isOpen, setOpen] = useState(false)
  const { reference } = field
  const found = useOptions(reference?.optionsUrl, term, isOpen)
  const labels = rememberLabels(reference?.optionsUrl, found.options)
  if (!reference) return <TextInput {...props} />
  if (shown !== null && shown !== undefined && reference.label) labels.set(shown, reference.label)
  const label = value === null ? undefined : labels.get(value)
  const href = value !== null && value === shown ? reference.href : undefined
  return (
    <PickOne
      {...props}
      options={found.options}
      onSearch={setTerm}
      onOpen={setOpen}
      valueLabel={label}
      isClearable={field.isNullable}
      isLoading={found.state === 'loading'}
      emptyText={found.state === 'failed' ? 'The list did not load. Type to try again.' : 'No match'}
      aside={
        href && (
          <a className={inputs.icon} href={href} aria-label={`Open ${label ?? field.label}`}>
            <Arrow />
          </a>
        )
      }
      footer={<Footer hasMore={found.hasMore} newHref={reference.newHref} targetLabel={reference.targetLabel} />}
    />
  )
}

interface FooterProps {
  hasMore: boolean
  newHref: string | undefined
  targetLabel: string
}

/** A new target opens beside the form, which keeps what was typed; it is then found by typing. */
export function Footer({ hasMore, newHref, targetLabel }: FooterProps) {
  if (!hasMore && !newHref) return null
  return (
    <span className={inputs.below}>
      {hasMore && <span>Type to find more.</span>}
      {newHref && (
        <a
          className={inputs.action}
          href={newHref}
          target="_blank"
          rel="noopener"
          onMouseDown={(event) => event.preventDefault()}
        >
          New {targetLabel.toLocaleLowerCase()}
        </a>
      )}
    </span>
  )
}
