import { notFound } from 'next/navigation'
import { pageContext } from '@/app/context'
import { wordsOf } from '@/lib/admin/fields/format'
import { nameOfActor } from '@/lib/admin/history/load-history'
import { type EffectDetail, effectPulse, getEffect } from '@/lib/effects'
import { getRuntime } from '@/lib/runtime'
import { Banner } from '@/lib/ui/banner/banner'
import card from '@/lib/ui/card.module.css'
import { Page, PageHead } from '@/lib/ui/page/page'
import { PageLink } from '@/lib/ui/page-link'
import { Status, type StatusTone } from '@/lib/ui/status/status'
import { notAllowed } from '../../../page-outcome'
import { ActionButton } from '../../action-button'
import { RefreshOnChange } from '../../live/refresh-on-change'
import { Moment } from '../../moment'
import { isOwner } from '../../owners'
import { WorkerNotice } from '../../worker-notice'
import { changeEffects } from '../actions'
import styles from '../effects.module.css'
import { STATES } from '../states'

interface Props {
  params: Promise<{ id: string }>
}

const OUTCOME_TONES: Partial<Record<string, StatusTone>> = {
  completed: 'ok',
  cancelled: 'quiet',
  late: 'warn',
  handed_back: 'quiet',
}

/** One effect: what was asked, each attempt, what came of it. */
export default async function EffectPage({ params }: Props) {
  const [ctx, { id }] = await Promise.all([pageContext(), params])
  if (!isOwner(ctx)) notAllowed()
  const { db, admin } = await getRuntime()
  if (!isId(id)) notFound()
  const pulse = await effectPulse(db.sql, id)
  const effect = await getEffect(db.sql, id)
  if (!effect) notFound()
  const { label, tone } = STATES[effect.state]
  const parent = /^effect:([0-9a-f-]{36})$/.exec(effect.createdBy)?.[1]
  const facts: [string, React.ReactNode][] = [
    ['Requested', <Moment key="m" ctx={ctx} text={effect.createdAt} />],
    ['By', parent ? <EffectLink key="l" id={parent} /> : await nameOfActor(ctx, effect.createdBy)],
    ...(effect.state === 'pending' || effect.state === 'failed'
      ? [['Due', <Moment key="m" ctx={ctx} text={effect.runAt} />] as [string, React.ReactNode]]
      : []),
    ...(effect.completedAt
      ? [['Completed', <Moment key="m" ctx={ctx} text={effect.completedAt} />] as [string, React.ReactNode]]
      : []),
    ['Attempts', effect.maxAttempts ? `${effect.attempts} of ${effect.maxAttempts}` : effect.attempts],
    ['Worker', effect.worker ?? '–'],
    ['Dedupe key', effect.dedupeKey ?? '–'],
    ...(effect.replayOf
      ? [['Replay of', <EffectLink key="l" id={effect.replayOf} />] as [string, React.ReactNode]]
      : []),
  ]
  return (
    <Page
      title={effect.kind}
      path={[{ label: 'System' }, { label: 'Effects', href: '/admin/effects' }, { label: effect.kind }]}
    >
      <RefreshOnChange topic={`effect:${id.toLowerCase()}`} pulse={pulse} />
      <PageHead title={effect.kind} description={<Status tone={tone}>{label}</Status>}>
        <Actions effect={effect} />
      </PageHead>
      <WorkerNotice />
      {effect.state === 'pending' && !admin.handlers.has(effect.kind) && (
        <Banner tone="info">There is no handler for this kind yet. It is kept, and runs once there is one.</Banner>
      )}
      <div className={styles.two}>
        <div className={card.card}>
          <section className={styles.group}>
            <h2>Payload</h2>
            <Json value={effect.payload} />
          </section>
          {effect.lastError && (
            <section className={styles.group}>
              <h2>Last error</h2>
              <pre className={styles.json}>{effect.lastError}</pre>
            </section>
          )}
          {effect.state === 'completed' && (
            <section className={styles.group}>
              <h2>Result</h2>
              <Json value={effect.result} />
            </section>
          )}
          <section className={styles.group}>
            <h2>Attempts</h2>
            {effect.attemptList.length === 0 && <p>None yet.</p>}
            <ol className={styles.attempts}>
              {effect.attemptList.map((attempt) => (
                <li key={`${attempt.attempt}-${attempt.endedAt}`}>
                  <span className={styles.attempt}>
                    {attempt.attempt}.
                    <Status tone={OUTCOME_TONES[attempt.outcome] ?? 'bad'}>{wordsOf(attempt.outcome)}</Status>
                  </span>
                  <p>
                    <Moment ctx={ctx} text={attempt.endedAt} isExact />
                    {attempt.tookMs !== null && ` · took ${Math.round(attempt.tookMs)} ms`}
                    {attempt.worker && ` · ${attempt.worker}`}
                  </p>
                  {attempt.error && <AttemptError text={attempt.error} />}
                </li>
              ))}
            </ol>
          </section>
        </div>
        <aside className={card.card}>
          <section className={styles.group}>
            <h2>About</h2>
            <dl className={styles.facts}>
              {facts.map(([name, value]) => [<dt key={`${name} t`}>{name}</dt>, <dd key={`${name} d`}>{value}</dd>])}
            </dl>
          </section>
          {effect.replays.length > 0 && (
            <section className={styles.group}>
              <h2>Run again as</h2>
              <ul className={styles.attempts}>
                {effect.replays.map((replay) => (
                  <li key={replay}>
                    <EffectLink id={replay} />
                  </li>
                ))}
              </ul>
            </section>
          )}
          {effect.followUps.length > 0 && (
            <section className={styles.group}>
              <h2>Asked for</h2>
              <ul className={styles.attempts}>
                {effect.followUps.map(({ id: next, kind, state }) => (
                  <li key={next} className={styles.attempt}>
                    <PageLink href={`/admin/effects/${next}`}>{kind}</PageLink>
                    <Status tone={STATES[state].tone}>{STATES[state].label}</Status>
                  </li>
                ))}
              </ul>
            </section>
          )}
        </aside>
      </div>
    </Page>
  )
}

/** The reason at once, where in the code it arose on request. */
function AttemptError({ text }: { text: string }) {
  const [reason, ...trace] = text.split(/\n(?=\s+at )/)
  if (trace.length === 0) return <p>{text}</p>
  return (
    <details>
      <summary>{reason}</summary>
      <pre className={styles.json}>{trace.join('\n')}</pre>
    </details>
  )
}

const isId = (text: string) => /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(text)

function Actions({ effect: { id, state } }: { effect: EffectDetail }) {
  const selection = { ids: [id] }
  const canRetry = state === 'failed' || state === 'dead' || state === 'cancelled'
  const canReplay = state === 'completed' || state === 'dead' || state === 'cancelled'
  const canCancel = state !== 'completed' && state !== 'cancelled'
  return (
    <>
      {canCancel && (
        <ActionButton
          label={state === 'dead' ? 'Dismiss' : 'Cancel…'}
          tone="danger"
          question={state === 'dead' ? undefined : 'It is not carried out (any further).'}
          action={changeEffects}
          input={{ operation: 'cancel', selection }}
        />
      )}
      {canReplay && (
        <ActionButton
          label="Replay…"
          question="This requests the same once more, as a new effect."
          action={changeEffects}
          input={{ operation: 'replay', selection }}
        />
      )}
      {canRetry && (
        <ActionButton label="Retry" tone="primary" action={changeEffects} input={{ operation: 'retry', selection }} />
      )}
    </>
  )
}

/** Characters of JSON shown: a payload may hold megabytes. */
const SHOWN = 50_000

function Json({ value }: { value: unknown }) {
  const text = JSON.stringify(value, null, 2) ?? 'null'
  return (
    <pre className={styles.json}>
      {text.slice(0, SHOWN)}
      {text.length > SHOWN && `\n… ${text.length.toLocaleString('en')} characters in all`}
    </pre>
  )
}

const EffectLink = ({ id }: { id: string }) => <PageLink href={`/admin/effects/${id}`}>{id.slice(0, 8)}</PageLink>
