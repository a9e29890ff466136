import nodes from 'lucide-static/icon-nodes.json'
import { createElement } from 'react'
import styles from './icon.module.css'

interface Props {
  /** A name of the Lucide set. An unknown one draws nothing. */
  name: string
  /** Edge length in pixels. Default 16. */
  size?: number
}

/** An icon drawn on the server: the page receives its lines, and no script. Always beside words, never instead of them. */
export function Icon({ name, size = 16 }: Props) {
  const lines = linesOf(name)
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
      {lines.map(([tag, attributes], at) => createElement(tag, { key: at, ...attributes }))}
    </svg>
  )
}

type Lines = readonly (readonly [tag: string, attributes: Record<string, string>])[]

const linesOf = (name: string): Lines =>
  Object.hasOwn(nodes, name) ? ((nodes as unknown as Record<string, Lines>)[name] ?? []) : []
