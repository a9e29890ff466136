import { EmptyState } from '@/lib/ui/empty-state/empty-state'
import { Icon } from '@/lib/ui/icon'
import { Page, PageHead } from '@/lib/ui/page/page'
import { pageContext } from '../context'
import { currentMenu } from './current-menu'
import { DeadNotice } from './dead-notice'
import { greeting } from './greeting'
import { Overview } from './overview'
import { Refusal } from './refusal'
import { WaitingNotice } from './waiting-notice'

interface Props {
  label: string
  /** What the address says was refused elsewhere. */
  refused: string | string[] | undefined
}

/** The page a day begins with: everything this person may see, with cheap counts. */
export async function HomeOverview({ label, refused }: Props) {
  const [ctx, menu] = await Promise.all([pageContext(), currentMenu()])
  const { words, day } = greeting(ctx)
  return (
    <Page title={menu.title} path={[{ label }]}>
      <Refusal ctx={ctx} refused={refused} />
      <PageHead title={words} description={day} />
      <WaitingNotice ctx={ctx} />
      <DeadNotice ctx={ctx} />
      {menu.sections.length > 0 ? (
        <Overview sections={menu.sections} />
      ) : (
        <EmptyState icon={<Icon name="lock" size={20} />} title="Nothing to see here yet">
          Your role “{ctx.actor.role}” may not see any records. Ask an owner of this site to give you another one.
        </EmptyState>
      )}
    </Page>
  )
}
