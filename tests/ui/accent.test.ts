import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { accentCss, accentTokens } from '@/lib/ui/theme/accent'
import { fromOklch, luminance, type Rgb, toOklch } from '@/lib/ui/theme/oklch'

const channel = fc.integer({ min: 0, max: 255 })
const colour = fc.tuple(channel, channel, channel)
const hex = (rgb: Rgb) => `#${rgb.map((part) => part.toString(16).padStart(2, '0')).join('')}`
const rgbOf = (text: string): Rgb => {
  const value = Number.parseInt(text.slice(1), 16)
  return [(value >> 16) & 255, (value >> 8) & 255, value & 255]
}

function contrast(a: string, b: string): number {
  const [low = 0, high = 0] = [luminance(rgbOf(a)), luminance(rgbOf(b))].sort((x, y) => x - y)
  return (high + 0.05) / (low + 0.05)
}

describe('an accent of the deployer’s own', () => {
  it('can be read as text, on its own tint and under its own ink, in light and dark, whatever colour it is', () => {
    fc.assert(
      fc.property(colour, (rgb) => {
        for (const [scheme, surface] of [
          ['light', '#ffffff'],
          ['dark', '#1c1b18'],
        ] as const) {
          const tokens = accentTokens(hex(rgb))[scheme]
          expect(contrast(tokens['--accent'], surface)).toBeGreaterThanOrEqual(4.5)
          expect(contrast(tokens['--accent'], tokens['--accent-soft'])).toBeGreaterThanOrEqual(4.5)
          expect(contrast(tokens['--accent'], tokens['--accent-ink'])).toBeGreaterThanOrEqual(4.5)
        }
      }),
      { numRuns: 2000 },
    )
  })

  it('stays exactly as given in the light where it can be read', () => {
    expect(accentTokens('#1d6b4f').light['--accent']).toBe('#1d6b4f')
  })

  it('reads three digits as six', () => {
    expect(accentTokens('#06c')).toEqual(accentTokens('#0066cc'))
  })

  it('becomes two rules that weigh more than the token sheet’s own', () => {
    const css = accentCss('#1d6b4f')
    expect(css).toMatch(/^:root:root\{--accent:#1d6b4f;/)
    expect(css).toContain(':root:root[data-mantine-color-scheme="dark"]{--accent:')
  })
})

describe('Oklch', () => {
  it('gives every colour of the screen back', () => {
    fc.assert(
      fc.property(colour, (rgb) => {
        expect(fromOklch(toOklch(rgb))).toEqual(rgb)
      }),
    )
  })
})
