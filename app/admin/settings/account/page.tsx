import { pageContext } from '@/app/context'
import { forPage } from '@/app/page-outcome'
import { loadRecordView } from '@/lib/admin'
import { peopleOf } from '@/lib/admin/operations/people'
import { listSessions, PASSWORD_MIN_LENGTH } from '@/lib/auth'
import { getRuntime } from '@/lib/runtime'
import { Page, PageHead } from '@/lib/ui/page/page'
import { Moment } from '../../moment'
import { SchemeSwitch } from '../../shell/scheme-switch'
import styles from '../settings.module.css'
import { describeDevice } from './device'
import { PasswordForm } from './password-form'
import { ProfileForm } from './profile-form'
import { SessionList } from './session-list'

/** What a person decides about themselves. */
export default async function AccountPage() {
  const [ctx, { db, clock }] = await Promise.all([pageContext(), getRuntime()])
  const { userId = '', sessionId, email, role } = ctx.actor
  const attempted = { resource: 'system/users', operation: 'read' } as const
  const [{ texts }, sessions] = await Promise.all([
    forPage(loadRecordView(ctx, peopleOf(ctx), userId), attempted),
    forPage(listSessions(db.orm, userId, clock.now()), attempted),
  ])
  const moment = (at: Date) => <Moment ctx={ctx} text={at.toISOString()} />
  return (
    <Page title="Your account" path={[{ label: 'Settings' }, { label: 'Your account' }]} isNarrow>
      <PageHead title="Your account" description={`${email} · ${role}`} />
      <div className={styles.card}>
        <section className={styles.part}>
          <h2>How this site addresses you</h2>
          <ProfileForm
            name={texts.name ?? ''}
            locale={texts.locale ?? ''}
            timeZone={texts.timeZone ?? ''}
            site={{ locale: ctx.admin.locale, timeZone: ctx.admin.timeZone }}
            timeZones={Intl.supportedValuesOf('timeZone')}
          />
        </section>
        <section className={styles.part}>
          <h2>Appearance</h2>
          <p className={styles.lead}>Kept in this browser. Auto follows your device.</p>
          <div className={styles.switch}>
            <SchemeSwitch />
          </div>
        </section>
        <section className={styles.part}>
          <h2>Password</h2>
          <p className={styles.lead}>Changing it signs you out everywhere else.</p>
          <PasswordForm minLength={PASSWORD_MIN_LENGTH} email={email ?? ''} />
        </section>
        <section className={styles.part}>
          <h2>Where you are signed in</h2>
          <SessionList
            sessions={sessions.map(({ id, userAgent, ip, createdAt, seenAt }) => ({
              id,
              device: describeDevice(userAgent),
              detail: (
                <>
                  {ip && `${ip} · `}signed in {moment(createdAt)} · last used {moment(seenAt)}
                </>
              ),
              isThis: id === sessionId,
            }))}
          />
        </section>
      </div>
    </Page>
  )
}
