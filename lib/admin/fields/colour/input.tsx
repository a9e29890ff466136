'use client'

import { ColorPicker, Input, Popover } from '@mantine/core'
import { useState } from 'react'
import type { FieldInputProps } from '../input'
import inputs from '../input.module.css'
import { lineProps, useTyped } from '../use-typed'
import { isColour } from './colour'
import styles from './input.module.css'

/** A colour by its number, or picked from the plane that its patch opens. */
export function ColourInput(props: FieldInputProps) {
  const { field, value, onChange, disabled } = props
  const [typed, type] = useTyped(props)
  const [isOpen, setOpen] = useState(false)
  const colour = value !== null && isColour(value) ? value : undefined
  return (
    <Popover
      opened={isOpen}
      onChange={setOpen}
      position="bottom-start"
      trapFocus
      returnFocus
      withinPortal
      withRoles={false}
    >
      <Popover.Target>
        <Input
          {...lineProps(props, typed, type)}
          placeholder={field.placeholder ?? '#1d6b4f'}
          classNames={{ input: inputs.exact }}
          leftSectionPointerEvents="all"
          leftSection={
            <button
              type="button"
              className={styles.swatch}
              style={colour ? { background: colour } : undefined}
              onClick={() => setOpen(!isOpen)}
              disabled={disabled}
              aria-label="Open palette"
              aria-expanded={isOpen}
              aria-haspopup="dialog"
            />
          }
        />
      </Popover.Target>
      <Popover.Dropdown>
        <ColorPicker
          format="hex"
          value={colour ?? '#ffffff'}
          onChange={(next) => next !== colour && onChange(next)}
          saturationLabel={`${field.label}: strength`}
          hueLabel={`${field.label}: hue`}
        />
      </Popover.Dropdown>
    </Popover>
  )
}
