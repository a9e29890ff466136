import type { OptionsView } from '../../view'

const byUrl = new Map<string, Map<string, string>>()

/**
 * What targets seen so far are called, by the address their options come from: a chosen one keeps its name when the
 * list has moved on to another term.
 */
export function rememberLabels(url: string | undefined, options: OptionsView['options']): Map<string, string> {
  const key = url ?? ''
  const labels = byUrl.get(key) ?? new Map<string, string>()
  byUrl.set(key, labels)
  for (const { id, label } of options) labels.set(id, label)
  return labels
}
