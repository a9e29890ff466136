import { ColorSchemeScript } from '@mantine/core'
import type { Metadata, Viewport } from 'next'
import { headers } from 'next/headers'
import type { ReactNode } from 'react'
import { getRuntime } from '@/lib/runtime'
import { accentCss } from '@/lib/ui/theme/accent'
import { ThemeProvider } from '@/lib/ui/theme/theme-provider'
import './globals.css'

export const metadata: Metadata = { robots: 'noindex, nofollow' }

export const viewport: Viewport = {
  width: 'device-width',
  initialScale: 1,
  themeColor: [
    { media: '(prefers-color-scheme: light)', color: '#faf9f7' },
    { media: '(prefers-color-scheme: dark)', color: '#151412' },
  ],
}

/** The document: language, direction, colours. Reads the config, never the database, so that error pages have it too. */
export default async function RootLayout({ children }: { children: ReactNode }) {
  const nonce = (await headers()).get('x-nonce') ?? ''
  const { admin } = (await getRuntime()).admin
  const { accent, scheme } = admin.theme
  return (
    // The script below sets the scheme before React looks at the document.
    <html lang={admin.locale} dir={directionOf(admin.locale)} suppressHydrationWarning>
      <head>
        <ColorSchemeScript nonce={nonce} defaultColorScheme={scheme} suppressHydrationWarning />
        {accent && (
          <style nonce={nonce} suppressHydrationWarning>
            {accentCss(accent)}
          </style>
        )}
      </head>
      <body>
        <ThemeProvider nonce={nonce} scheme={scheme}>
          {children}
        </ThemeProvider>
      </body>
    </html>
  )
}

const RTL = new Set(['ar', 'arc', 'ckb', 'dv', 'fa', 'he', 'ps', 'sd', 'syr', 'ug', 'ur', 'yi'])

/** @param locale BCP 47 */
function directionOf(locale: string): 'ltr' | 'rtl' {
  const { language, script } = new Intl.Locale(locale)
  if (script) return ['Arab', 'Hebr', 'Thaa', 'Syrc', 'Nkoo'].includes(script) ? 'rtl' : 'ltr'
  return RTL.has(language) ? 'rtl' : 'ltr'
}
