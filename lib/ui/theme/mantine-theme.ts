import {
  type CSSVariablesResolver,
  createTheme,
  defaultVariantColorsResolver,
  type MantineColorsTuple,
  parseThemeColor,
} from '@mantine/core'

/** A scale out of three roles: tint, line and full colour. Each already differs between light and dark. */
function scale(name: 'accent' | 'red' | 'amber' | 'blue' | 'violet', line = 'line-strong'): MantineColorsTuple {
  const [soft, full] = [`var(--${name}-soft)`, `var(--${name})`]
  return [soft, soft, `var(--${line})`, `var(--${line})`, full, full, full, full, full, full]
}

function steps(name: 'neutral' | 'night'): MantineColorsTuple {
  const step = (at: number) => `var(--${name}-${at})`
  return [step(0), step(1), step(2), step(3), step(4), step(5), step(6), step(7), step(8), step(9)]
}

/** Mantine in our colours and proportions; every value refers to tokens.css. */
export const mantineTheme = createTheme({
  primaryColor: 'accent',
  primaryShade: 6,
  white: '#fff',
  black: 'var(--ink)',
  colors: {
    accent: scale('accent', 'accent-line'),
    red: scale('red', 'red-line'),
    yellow: scale('amber'),
    orange: scale('amber'),
    green: scale('accent', 'accent-line'),
    teal: scale('accent', 'accent-line'),
    blue: scale('blue'),
    violet: scale('violet'),
    grape: scale('violet'),
    gray: steps('neutral'),
    dark: steps('night'),
  },
  fontFamily: 'var(--font)',
  fontFamilyMonospace: 'var(--mono)',
  fontSizes: { xs: '12px', sm: '14px', md: '14px', lg: '16px', xl: '18px' },
  lineHeights: { xs: '1.34', sm: '1.43', md: '1.43', lg: '1.5', xl: '1.5' },
  headings: { fontFamily: 'var(--font)', fontWeight: '650' },
  radius: { xs: '4px', sm: '6px', md: '8px', lg: '10px', xl: '16px' },
  defaultRadius: 'sm',
  shadows: {
    xs: 'var(--shadow)',
    sm: 'var(--shadow)',
    md: 'var(--shadow-float)',
    lg: 'var(--shadow-float)',
    xl: 'var(--shadow-float)',
  },
  cursorType: 'pointer',
  focusRing: 'auto',
  // Mantine computes what stands on a filled ground from the ground's numbers; ours are properties, so they say it.
  variantColorResolver: (input) => {
    const colors = defaultVariantColorsResolver(input)
    if (input.variant !== 'filled') return colors
    const { color, isThemeColor } = parseThemeColor({ color: input.color ?? 'accent', theme: input.theme })
    return isThemeColor ? { ...colors, color: `var(--mantine-color-${color}-contrast)` } : colors
  },
  respectReducedMotion: true,
  components: {
    // An element that is no menu item may not stand in a menu; without it the first item takes the focus, as it should.
    Menu: { defaultProps: { withInitialFocusPlaceholder: false } },
    Modal: { defaultProps: { closeButtonProps: { 'aria-label': 'Close' } } },
    // The page has its banner: a dialog's head is none.
    ModalHeader: { defaultProps: { component: 'div' } },
    Notification: { defaultProps: { closeButtonProps: { 'aria-label': 'Close this message' } } },
  },
})

/** Mantine's roles, as ours. The same in light and dark, because ours differ by themselves. */
export const mantineVariables: CSSVariablesResolver = () => {
  const roles: Record<string, string> = {
    '--mantine-color-text': 'var(--ink)',
    '--mantine-color-bright': 'var(--ink)',
    '--mantine-color-body': 'var(--surface)',
    '--mantine-color-error': 'var(--red)',
    '--mantine-color-success': 'var(--accent)',
    '--mantine-color-placeholder': 'var(--ink-3)',
    '--mantine-color-anchor': 'var(--accent)',
    '--mantine-color-default': 'var(--surface)',
    '--mantine-color-default-hover': 'var(--sunken)',
    '--mantine-color-default-color': 'var(--ink)',
    '--mantine-color-default-border': 'var(--line-strong)',
    '--mantine-color-dimmed': 'var(--ink-3)',
    '--mantine-color-disabled': 'var(--sunken)',
    '--mantine-color-disabled-color': 'var(--ink-3)',
    '--mantine-color-disabled-border': 'var(--line-strong)',
    '--mantine-primary-color-contrast': 'var(--accent-ink)',
    ...variants('accent', '--accent', '--accent-ink', '--accent-soft'),
    ...variants('red', '--red', '--surface', '--red-soft'),
    ...variants('blue', '--blue', '--surface', '--blue-soft'),
    ...variants('violet', '--violet', '--surface', '--violet-soft'),
    ...variants('yellow', '--amber', '--surface', '--amber-soft'),
    ...variants('orange', '--amber', '--surface', '--amber-soft'),
    ...variants('green', '--accent', '--accent-ink', '--accent-soft'),
    ...variants('teal', '--accent', '--accent-ink', '--accent-soft'),
  }
  return { variables: {}, light: roles, dark: roles }
}

function variants(color: string, full: string, ink: string, soft: string): Record<string, string> {
  const name = `--mantine-color-${color}`
  return {
    [`${name}-text`]: `var(${full})`,
    [`${name}-contrast`]: `var(${ink})`,
    [`${name}-filled`]: `var(${full})`,
    [`${name}-filled-hover`]: `color-mix(in srgb, var(${full}), var(--ink) 14%)`,
    [`${name}-light`]: `var(${soft})`,
    [`${name}-light-hover`]: `color-mix(in srgb, var(${soft}), var(${full}) 10%)`,
    [`${name}-light-color`]: `var(${full})`,
    [`${name}-outline`]: `var(${full})`,
    [`${name}-outline-hover`]: `var(${soft})`,
  }
}
