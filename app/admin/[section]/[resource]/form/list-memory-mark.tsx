'use client'

import { useEffect } from 'react'
import { rememberList } from './list-memory'

/** Stands on a list page and draws nothing: keeps the list's state for the save that leads back to it. */
export function ListMemoryMark({ resource, query }: { resource: string; query: string }) {
  useEffect(() => rememberList(resource, query), [resource, query])
  return null
}
