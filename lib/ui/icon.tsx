import nodes from 'lucide-static/icon-nodes.json'
import styles from './icon.module.css'
import { toMarkup } from './markup'

interface Props {
  /** A name of the Lucide set. An unknown one draws nothing. */
  name: string
  /** Edge length in pixels. Default 16. */
  size?: number
}

/** An icon drawn on the server: the page receives its lines, and no script. Always beside words, never instead of them. */
export function Icon({ name, size = 16 }: Props) {
  return (
    <svg
      className={styles.icon}
      width={size}
      height={size}
      viewBox="0 0 24 24"
      aria-hidden="true"
      // biome-ignore lint/security/noDangerouslySetInnerHtml: lines of the icon set, as one text instead of ten elements
      dangerouslySetInnerHTML={{ __html: linesOf(name) }}
    />
  )
}

type Lines = readonly (readonly [tag: string, attributes: Record<string, string>])[]

const drawn = new Map<string, string>()

function linesOf(name: string): string {
  const known = drawn.get(name)
  if (known !== undefined) return known
  const lines = Object.hasOwn(nodes, name) ? ((nodes as unknown as Record<string, Lines>)[name] ?? []) : []
  const markup = toMarkup(lines.map(([Tag, attributes]) => <Tag key={0} {...attributes} />)) ?? ''
  drawn.set(name, markup)
  return markup
}
