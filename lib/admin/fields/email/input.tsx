'use client'

import { Input } from '@mantine/core'
import { Mail } from 'lucide-react'
import type { FieldInputProps } from '../input'
import inputs from '../input.module.css'
import { lineProps, useTyped } from '../use-typed'

/** An address to write to. Not `type="email"`: that would drop spaces a person typed before anyone could explain. */
export function EmailInput(props: FieldInputProps) {
  const { field, value, error } = props
  const [typed, type] = useTyped(props)
  const isAddress = !error && /^[^\s@]+@[^\s@]+$/.test(value ?? '')
  return (
    <Input
      {...lineProps(props, typed, type)}
      placeholder={field.placeholder ?? 'ada@example.com'}
      inputMode="email"
      autoCapitalize="none"
      rightSectionPointerEvents="all"
      rightSection={
        isAddress && (
          <a className={inputs.icon} href={`mailto:${value}`} aria-label={`Write to ${value}`}>
            <Mail aria-hidden="true" />
          </a>
        )
      }
    />
  )
}
