'use client'

import { Loader, Select } from '@mantine/core'
import { useState } from 'react'
import { useOptions } from '@/lib/admin/fields/picker/use-options'

interface Props {
  /** Where the server answers what matches: `?q=` is added. */
  url: string
  label: string
  value: string
  onChange: (id: string) => void
}

/** Chooses a related record by typing a part of its name; the server looks it up. */
export function OptionPicker({ url, label, value, onChange }: Props) {
  const [words, setWords] = useState('')
  const { state, options } = useOptions(url, words, true)
  return (
    <Select
      aria-label={label}
      placeholder="Type a name"
      searchable
      data-autofocus
      data={options.map((option) => ({ value: option.id, label: option.label }))}
      // The server has chosen what matches.
      filter={({ options: found }) => found}
      value={value || null}
      onChange={(id) => onChange(id ?? '')}
      searchValue={words}
      onSearchChange={setWords}
      nothingFoundMessage={state === 'ready' ? 'Nothing has this name' : undefined}
      rightSection={state === 'loading' ? <Loader size={14} /> : undefined}
      error={state === 'failed' && 'The names could not be loaded. Try again.'}
      comboboxProps={{ withinPortal: false }}
    />
  )
}
