'use client'

import { MantineProvider } from '@mantine/core'
import { ModalsProvider } from '@mantine/modals'
import { Notifications } from '@mantine/notifications'
import { type ReactNode, useEffect, useState } from 'react'
import { mantineTheme } from './mantine-theme'

interface Props {
  /** Of this request; style elements without it are refused by the browser. */
  nonce: string
  scheme: 'light' | 'dark' | 'auto'
  children: ReactNode
}

/** What the components people operate need: our theme, toasts and dialogs. */
export function ThemeProvider({ nonce: given, scheme, children }: Props) {
  // A refresh brings the nonce of its own request; the document's policy goes on asking for the first.
  const [nonce] = useState(given)

  useEffect(() => {
    // Where the library that stops the page from scrolling behind a dialog looks for it.
    Object.assign(window, { __webpack_nonce__: nonce })
  }, [nonce])

  return (
    <MantineProvider
      theme={mantineTheme}
      // They are in mantine-variables.css: a file the browser keeps.
      withCssVariables={false}
      withGlobalClasses={false}
      defaultColorScheme={scheme}
      getStyleNonce={() => nonce}
    >
      {children}
      <Overlays />
    </MantineProvider>
  )
}

/** Dialogs and toasts open from handlers and effects alone, so the server draws neither of them. */
function Overlays() {
  const [isMounted, setIsMounted] = useState(false)
  useEffect(() => setIsMounted(true), [])
  if (!isMounted) return null
  return (
    <>
      <ModalsProvider>{null}</ModalsProvider>
      <Notifications position="bottom-right" limit={4} autoClose={6000} />
    </>
  )
}
