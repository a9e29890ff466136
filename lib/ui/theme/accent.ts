import { fromOklch, luminance, type Rgb, toOklch } from './oklch'

type AccentName = '--accent' | '--accent-ink' | '--accent-soft' | '--accent-line'

/** The accent's properties in both schemes; the names are those of tokens.css. */
export type AccentTokens = Record<'light' | 'dark', Record<AccentName, string>>

const WHITE: Rgb = [255, 255, 255]
const LIGHT_SURFACE = WHITE
const DARK_SURFACE: Rgb = [28, 27, 24]

/** What text needs against its ground. */
const TEXT_CONTRAST = 4.5

/**
 * The properties of an accent of the deployer's own. In the light it is the colour given, darkened only as far as text
 * in it needs; in the dark its brighter sister of the same hue.
 * @param accent '#rgb' or '#rrggbb'
 */
export function accentTokens(accent: string): AccentTokens {
  const given = toOklch(parse(accent))
  const bright = { ...given, lightness: Math.max(given.lightness, 0.74), chroma: given.chroma * 1.25 }
  return {
    light: properties(untilReadable(given, LIGHT_SURFACE, -0.01), LIGHT_SURFACE),
    dark: properties(untilReadable(bright, DARK_SURFACE, 0.01), DARK_SURFACE),
  }
}

/** The style sheet that lays an accent over tokens.css. */
export function accentCss(accent: string): string {
  const known = sheets.get(accent)
  if (known !== undefined) return known
  const sheet = writeCss(accentTokens(accent))
  sheets.set(accent, sheet)
  return sheet
}

/** A site has one accent, and every page of it carries its sheet. */
const sheets = new Map<string, string>()

function writeCss({ light, dark }: AccentTokens): string {
  // Said twice, `:root` weighs more than in tokens.css: the order of the two style sheets does not matter.
  return rule(':root:root', light) + rule(':root:root[data-mantine-color-scheme="dark"]', dark)
}

function rule(selector: string, tokens: Record<string, string>): string {
  const declarations = Object.entries(tokens).map(([name, value]) => `${name}:${value}`)
  return `${selector}{${declarations.join(';')}}`
}

function properties(accent: Rgb, surface: Rgb): Record<AccentName, string> {
  return {
    '--accent': hex(accent),
    '--accent-ink': hex(inkOn(accent)),
    '--accent-soft': hex(mix(accent, surface, 0.88)),
    '--accent-line': hex(mix(accent, surface, 0.68)),
  }
}

/** Moves the lightness by `step` until the colour can be read on the surface and on its own tint. */
function untilReadable(colour: ReturnType<typeof toOklch>, surface: Rgb, step: number): Rgb {
  let { lightness } = colour
  let rgb = fromOklch(colour)
  while (contrast(rgb, mix(rgb, surface, 0.88)) < TEXT_CONTRAST && lightness > 0 && lightness < 1) {
    lightness += step
    rgb = fromOklch({ ...colour, lightness })
  }
  return rgb
}

/** White where it can be read on the colour, else nearly black of the same hue. */
function inkOn(accent: Rgb): Rgb {
  if (contrast(WHITE, accent) >= TEXT_CONTRAST) return WHITE
  const { chroma, hue } = toOklch(accent)
  return fromOklch({ lightness: 0.18, chroma: Math.min(chroma, 0.04), hue })
}

/** @param share of `b`, 0 to 1 */
function mix(a: Rgb, b: Rgb, share: number): Rgb {
  const part = (at: 0 | 1 | 2) => Math.round(a[at] + (b[at] - a[at]) * share)
  return [part(0), part(1), part(2)]
}

/** WCAG's ratio, 1 to 21. */
function contrast(a: Rgb, b: Rgb): number {
  const [low, high] = [luminance(a), luminance(b)].sort((x, y) => x - y) as [number, number]
  return (high + 0.05) / (low + 0.05)
}

function parse(colour: string): Rgb {
  const digits = colour.replace('#', '')
  const full = digits.length === 3 ? [...digits].map((digit) => digit + digit).join('') : digits
  const value = Number.parseInt(full, 16)
  return [(value >> 16) & 255, (value >> 8) & 255, value & 255]
}

function hex(colour: Rgb): string {
  return `#${colour.map((part) => part.toString(16).padStart(2, '0')).join('')}`
}
