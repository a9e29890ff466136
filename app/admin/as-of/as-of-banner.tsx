import type { AsOfView } from '@/lib/admin/view'
import { Banner } from '@/lib/ui/banner/banner'
import { PageLink } from '@/lib/ui/page-link'

interface Props {
  asOf: AsOfView
  /** What is seen: 'Products', the record's title. */
  what: string
  /** The same page as it is now. */
  nowHref: string
  locale: string
}

/** Says that a page shows an earlier moment, which one, and how to leave it. */
export function AsOfBanner({ asOf: { words, isProvisional, asToday }, what, nowHref, locale }: Props) {
  const others = new Intl.ListFormat(locale).format(asToday)
  return (
    <Banner action={<PageLink href={nowHref}>Back to now</PageLink>}>
      You see {what} as of {words}. Nothing can be changed here.
      {isProvisional && ' Provisional: somebody who was writing then has not finished, and may still add to it.'}
      {asToday.length > 0 && ` Shown as of now, since not recorded: ${others}.`}
    </Banner>
  )
}
