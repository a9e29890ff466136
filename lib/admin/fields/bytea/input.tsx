'use client'

import { Download } from 'lucide-react'
import type { FieldInputProps } from '../input'
import { ReadOnlyInput } from '../read-only'

/** How many bytes there are, and a way to have them. A form never writes them. */
export function ByteaInput(props: FieldInputProps) {
  const { field, value } = props
  const href = value === null ? undefined : field.downloadUrl
  return (
    <ReadOnlyInput
      {...props}
      aside={href && <Download aria-hidden="true" />}
      asideHref={href}
      asideLabel={`Download ${field.label}`}
    />
  )
}
