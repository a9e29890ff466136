'use client'

import { SegmentedControl, useMantineColorScheme } from '@mantine/core'

export const SCHEMES = [
  { value: 'light' as const, label: 'Light' },
  { value: 'dark' as const, label: 'Dark' },
  { value: 'auto' as const, label: 'Auto' },
]

/** Light, dark, or as the device has it; remembered in this browser. */
export function SchemeSwitch() {
  const { colorScheme, setColorScheme } = useMantineColorScheme()
  return (
    <SegmentedControl
      fullWidth
      size="xs"
      aria-label="Appearance"
      data={SCHEMES}
      value={colorScheme}
      onChange={setColorScheme}
    />
  )
}
