'use client'

import { useState } from 'react'
import type { ManyToManyView } from '../../view'
import type { Option } from '../picker/option'
import { PickMany } from '../picker/pick-many'
import { useOptions } from '../picker/use-options'

interface Props {
  association: ManyToManyView
  id: string
  chosen: readonly Option[]
  onChange: (chosen: Option[]) => void
  onBlur?: () => void
  describedBy?: string
  error?: string
  disabled?: boolean
}

/** Records linked through a join table, as pills; further ones are found by typing. */
export function ManyToManyInput({ association, error, disabled, ...rest }: Props) {
  const [term, setTerm] = useState('')
  const [isOpen, setOpen] = useState(false)
  const found = useOptions(association.optionsUrl, term, isOpen)
  return (
    <PickMany
      {...rest}
      options={found.options}
      onSearch={setTerm}
      onOpen={setOpen}
      isLoading={found.state === 'loading'}
      emptyText={found.state === 'failed' ? 'The list did not load. Type to try again.' : 'No match'}
      error={Boolean(error)}
      disabled={disabled || !association.isEditable}
      footer={found.hasMore ? 'Type to find more.' : undefined}
    />
  )
}
