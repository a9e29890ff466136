import dynamicIconImports from 'lucide-react/dynamicIconImports'
import { createElement } from 'react'
import styles from './icon.module.css'

interface Props {
  /** A name of the Lucide set. An unknown one draws nothing. */
  name: string
  /** Edge length in pixels. Default 16. */
  size?: number
}

/** An icon drawn on the server: the page receives its lines, and no script. Always beside words, never instead of them. */
export async function Icon({ name, size = 16 }: Props) {
  const lines = await linesOf(name)
  return (
    <svg
      className={styles.icon}
      width={size}
      height={size}
      viewBox="0 0 24 24"
      fill="none"
      stroke="currentColor"
      strokeWidth={1.75}
      strokeLinecap="round"
      strokeLinejoin="round"
      aria-hidden="true"
      focusable="false"
    >
      {lines.map(([tag, { key, ...attributes }]) => createElement(tag, { key, ...attributes }))}
    </svg>
  )
}

type Lines = readonly (readonly [tag: string, attributes: Record<string, string>])[]

const loaded = new Map<string, Lines>()

/** What an icon's module draws; read once a process. */
async function linesOf(name: string): Promise<Lines> {
  const known = loaded.get(name)
  if (known) return known
  const load =
    Object.hasOwn(dynamicIconImports, name) && (dynamicIconImports as Record<string, () => Promise<object>>)[name]
  const module = load ? ((await load()) as { __iconData?: { node: Lines } }) : undefined
  const lines = module?.__iconData?.node ?? []
  loaded.set(name, lines)
  return lines
}
