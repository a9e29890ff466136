import { ButtonLink } from '@/lib/ui/button/button'
import card from '@/lib/ui/card.module.css'
import { EmptyState } from '@/lib/ui/empty-state/empty-state'
import { Icon } from '@/lib/ui/icon'

interface Props {
  /** The moment, as people write it. */
  words: string
  singular: string
  historyHref: string
  isGone: boolean
}

/** A record at a moment at which it did not exist. */
export function NotThere({ words, singular, historyHref, isGone }: Props) {
  return (
    <section className={card.card}>
      <EmptyState
        icon={<Icon name="rotate-ccw-clock" size={22} />}
        title={`This ${singular} did not exist on ${words}`}
        actions={<ButtonLink href={historyHref}>Its history</ButtonLink>}
      >
        {isGone ? 'It was created later, or deleted before.' : 'It was created later.'} Its history says when.
      </EmptyState>
    </section>
  )
}
