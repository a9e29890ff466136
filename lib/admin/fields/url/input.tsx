'use client'

import { Input } from '@mantine/core'
import { ExternalLink } from 'lucide-react'
import type { FieldInputProps } from '../input'
import inputs from '../input.module.css'
import { lineProps, useTyped } from '../use-typed'
import { isSafeUrl } from './safe-url'

/** A web address, with a link that opens it. */
export function UrlInput(props: FieldInputProps) {
  const { field, value, error } = props
  const [typed, type] = useTyped(props)
  const isAddress = !error && value !== null && isSafeUrl(value)
  return (
    <Input
      {...lineProps(props, typed, type)}
      placeholder={field.placeholder ?? 'https://example.com'}
      inputMode="url"
      autoCapitalize="none"
      rightSectionPointerEvents="all"
      rightSection={
        isAddress && (
          <a
            className={inputs.icon}
            href={value}
            target="_blank"
            rel="noopener noreferrer"
            aria-label={`Open ${value}`}
          >
            <ExternalLink aria-hidden="true" />
          </a>
        )
      }
    />
  )
}
