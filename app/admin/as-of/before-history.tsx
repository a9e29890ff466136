import type { AsOfView } from '@/lib/admin/view'
import { ButtonLink } from '@/lib/ui/button/button'
import card from '@/lib/ui/card.module.css'
import { EmptyState } from '@/lib/ui/empty-state/empty-state'
import { Icon } from '@/lib/ui/icon'

interface Props {
  asOf: AsOfView
  /** 'products' */
  plural: string
  /** The same page at the moment given, or now. */
  hrefAt: (at?: string) => string
}

/** In place of rows where nothing is known of the moment. */
export function BeforeHistory({ asOf: { words, begins }, plural, hrefAt }: Props) {
  if (!begins) return null
  const reasons = {
    began: `Changes of ${plural} are recorded since ${begins.words}.`,
    truncated: `All ${plural} were removed at once on ${begins.words}: there is no seeing behind that.`,
    retention: `The history before ${begins.words} was put away.`,
  }
  return (
    <section className={card.card}>
      <EmptyState
        icon={<Icon name="rotate-ccw-clock" size={22} />}
        title={`Nothing is known of ${words}`}
        actions={
          <>
            <ButtonLink href={hrefAt(begins.at)}>Show {begins.words}</ButtonLink>
            <ButtonLink href={hrefAt()}>Back to now</ButtonLink>
          </>
        }
      >
        {reasons[begins.because]}
      </EmptyState>
    </section>
  )
}
