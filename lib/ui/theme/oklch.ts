/** Red, green and blue of sRGB, each 0 to 255. */
export type Rgb = readonly [red: number, green: number, blue: number]

/** Lightness 0 to 1, chroma from 0 (grey) to about 0.37, hue in radians. Equal steps look equal. */
export interface Oklch {
  lightness: number
  chroma: number
  hue: number
}

/** By Björn Ottosson's definition of Oklab. */
export function toOklch(rgb: Rgb): Oklch {
  const [r, g, b] = rgb.map((part) => linear(part / 255)) as [number, number, number]
  const l = Math.cbrt(0.4122214708 * r + 0.5363325363 * g + 0.0514459929 * b)
  const m = Math.cbrt(0.2119034982 * r + 0.6806995451 * g + 0.1073969566 * b)
  const s = Math.cbrt(0.0883024619 * r + 0.2817188376 * g + 0.6299787005 * b)
  const a = 1.9779984951 * l - 2.428592205 * m + 0.4505937099 * s
  const c = 0.0259040371 * l + 0.7827717662 * m - 0.808675766 * s
  return {
    lightness: 0.2104542553 * l + 0.793617785 * m - 0.0040720468 * s,
    chroma: Math.hypot(a, c),
    hue: Math.atan2(c, a),
  }
}

/** The nearest colour a screen can show: chroma gives way first, so that lightness and hue stay. */
export function fromOklch({ lightness, chroma, hue }: Oklch): Rgb {
  for (let tried = chroma; tried > 0.001; tried *= 0.95) {
    const parts = toParts(lightness, tried, hue)
    if (parts.every((part) => part >= -0.001 && part <= 1.001)) return bytes(parts)
  }
  return bytes(toParts(lightness, 0, hue))
}

/** WCAG's relative luminance, 0 to 1. */
export function luminance([red, green, blue]: Rgb): number {
  return 0.2126 * linear(red / 255) + 0.7152 * linear(green / 255) + 0.0722 * linear(blue / 255)
}

function toParts(lightness: number, chroma: number, hue: number): number[] {
  const [a, b] = [chroma * Math.cos(hue), chroma * Math.sin(hue)]
  const l = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3
  const m = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3
  const s = (lightness - 0.0894841775 * a - 1.291485548 * b) ** 3
  return [
    4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s,
    -1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s,
    -0.0041960863 * l - 0.7034186147 * m + 1.707614701 * s,
  ].map(gamma)
}

function bytes(parts: number[]): Rgb {
  const [red = 0, green = 0, blue = 0] = parts.map((part) => Math.round(Math.min(1, Math.max(0, part)) * 255))
  return [red, green, blue]
}

const linear = (part: number) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4)

const gamma = (part: number) => (part <= 0.0031308 ? 12.92 * part : 1.055 * part ** (1 / 2.4) - 0.055)
