'use client'

import { createContext, type ReactNode, useContext, useEffect, useMemo, useRef, useState } from 'react'

/** Which record a page shows, as it is now. */
export interface OpenRecordName {
  /** 'catalogue/products' */
  resource: string
  id: string
}

/** The page of a record. */
interface RecordPage {
  record: OpenRecordName
  /** Whether something is typed in it that is not saved. */
  isTyped: boolean
  /** Whether the person themself makes the record go, or tries to: they need not be told that it is gone. */
  setOwnDeed(isOwnDeed: boolean): void
  /** Which request of theirs changed the record, other than a save: they need not be told of that either. */
  setOwnRequest(request: string): void
}

interface State {
  /** Whether the record went after its page was opened, as far as the page was drawn again since. */
  isGone: boolean
  isOwnDeed: boolean
  ownRequest?: string
  page?: RecordPage
}

const StateContext = createContext<State>({ isGone: false, isOwnDeed: false })

export const useOpenRecord = (): Omit<State, 'page'> => useContext(StateContext)

/** Tells the page whether something is typed in it. */
export function useTyped(isTyped: boolean): void {
  const { page } = useContext(StateContext)
  useEffect(() => {
    if (page) page.isTyped = isTyped
  }, [page, isTyped])
}

/** The page that is open: what is done outside of it, by a toast for one, may make its record go. */
let open: RecordPage | undefined

export interface OpenPage extends Pick<RecordPage, 'record' | 'setOwnRequest'> {
  /** Whether it is still open, and nothing typed would be lost. */
  canBeLeft(): boolean
}

/**
 * Does what may make the record go whose page is open. Nothing is said of it being gone meanwhile, nor afterwards where the
 * page is left.
 * @param deed resolves to whether it leaves the page
 */
export async function byOwnHand(deed: (page: OpenPage | undefined) => Promise<boolean>): Promise<void> {
  const page = open
  page?.setOwnDeed(true)
  let isLeft = false
  try {
    isLeft = await deed(page && { ...page, canBeLeft: () => page === open && !page.isTyped })
  } finally {
    if (!isLeft) page?.setOwnDeed(false)
  }
}

interface Props {
  /** Undefined on a page of the past, where nothing goes. */
  record: OpenRecordName | undefined
  isGone: boolean
  /** The record's page; of a record that is gone what stands in its place, or leads away from it. */
  children: ReactNode
}

/**
 * Keeps the page of a record that goes while it is open: drawn again, by a save's answer for one, it stays as it was, with
 * what is typed in it, and says that the record is gone. Whoever opens the record anew gets what stands in its place.
 */
export function OpenRecord({ record, isGone, children }: Props) {
  const [isOwnDeed, setOwnDeed] = useState(false)
  const [ownRequest, setOwnRequest] = useState<string>()
  const [page] = useState<RecordPage | undefined>(record && { record, isTyped: false, setOwnDeed, setOwnRequest })
  const last = useRef<ReactNode>(undefined)
  useEffect(() => {
    if (!isGone) last.current = children
  }, [isGone, children])
  const kept = isGone ? last.current : undefined
  const isKept = kept !== undefined

  useEffect(() => {
    open = page
    return () => {
      if (open === page) open = undefined
    }
  }, [page])

  const state = useMemo(() => ({ isGone: isKept, isOwnDeed, ownRequest, page }), [isKept, isOwnDeed, ownRequest, page])
  return <StateContext value={state}>{kept ?? children}</StateContext>
}
