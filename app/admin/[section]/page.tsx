import { notFound } from 'next/navigation'
import { Page, PageHead } from '@/lib/ui/page/page'
import { currentMenu } from '../current-menu'
import { Overview } from '../overview'

/** A section's own page: what it holds of what this person may see. */
export default async function SectionPage({ params }: { params: Promise<{ section: string }> }) {
  const [{ section: key }, menu] = await Promise.all([params, currentMenu()])
  const section = menu.sections.find((one) => one.key === key)
  if (!section) notFound()
  return (
    <Page title={section.label} path={[{ label: section.label }]}>
      <PageHead title={section.label} />
      <Overview sections={[section]} />
    </Page>
  )
}
