'use client'

import { modals } from '@mantine/modals'
import { notifications } from '@mantine/notifications'
import { useRouter } from 'next/navigation'
import { useTransition } from 'react'
import type { UndoAnswer, UndoJobAnswer, UndoRefusal, UndoRequest } from '@/lib/admin/history/undo-view'
import { Button } from '@/lib/ui/button/button'
import { listAddress } from '../[section]/[resource]/form/list-memory'
import { byOwnHand, type OpenPage } from '../[section]/[resource]/record/open-record'
import { goesInBackground, undo, undoInBackground } from './actions'
import { showDone } from './show-done'
import { UndoChoices } from './undo-choices'

/** Undoes one change. */
export function UndoChange({ id }: { id: string }) {
  return <UndoButton request={{ ids: [id] }} label="Undo" />
}

/** Undoes the creation of a record, which deletes it: it asks first. */
export function UndoCreation({ id, title }: { id: string; title: string }) {
  return (
    <UndoButton request={{ ids: [id] }} label="Undo…" question={`This deletes “${title}”. It can be brought back.`} />
  )
}

/** Undoes a whole transaction; of many changes it asks first. */
export function UndoTransaction({ tx, count, size }: { tx: string; count: number; size?: Props['size'] }) {
  const question = count > 1 ? `This undoes ${allOf(count)} of the transaction, in one step.` : undefined
  return <UndoButton request={{ tx }} label={question ? 'Undo…' : 'Undo'} question={question} size={size} />
}

/** Undoes all that one request made in however many transactions. */
export function UndoRequestOf({ request, count, size }: { request: string; count: number; size?: Props['size'] }) {
  return (
    <UndoButton
      request={{ request }}
      label="Undo…"
      question={`This undoes ${allOf(count)} made here, in one step.`}
      size={size}
    />
  )
}

const allOf = (count: number) => (count > 1000 ? 'all changes' : `all ${count.toLocaleString()} changes`)

/** Brings a deleted record back. */
export function RestoreRecord({ id, size = 'normal', onDone }: { id: string } & Pick<Props, 'size' | 'onDone'>) {
  return <UndoButton request={{ ids: [id] }} label="Restore" tone="primary" size={size} onDone={onDone} isReturn />
}

/** Undoes what a request of this person has just done. */
export function UndoLast({ request, onDone }: { request: string; onDone: () => void }) {
  return <UndoButton request={{ request }} label="Undo" onDone={onDone} />
}

/** Undoes everything a background job did. */
export function UndoJob({ request }: { request: string }) {
  return (
    <UndoButton
      request={{ request }}
      label="Undo…"
      question="This undoes everything this job has done."
      size="normal"
    />
  )
}

/** Undoes what a person has ticked, after asking. */
export function UndoPicked({ count, ...rest }: Pick<Props, 'request' | 'className' | 'onDone'> & { count: number }) {
  const question = `This undoes ${count === 1 ? 'the entry' : `all ${count} entries`} you selected, in one step.`
  return <UndoButton {...rest} label="Undo…" question={question} />
}

const UNREACHABLE = {
  ok: false,
  code: 'unavailable',
  message: 'The server could not be reached. Try again in a moment.',
} as const

interface Props {
  request: UndoRequest
  label: string
  question?: string
  tone?: 'default' | 'primary'
  size?: 'normal' | 'small'
  className?: string
  onDone?: () => void
  /** Whether it brings a record back: then no page is left, whatever it shows. */
  isReturn?: boolean
}

function UndoButton({ request, label, question, tone, size = 'small', className, onDone, isReturn }: Props) {
  const router = useRouter()
  const [isRunning, start] = useTransition()
  const [isAsking, startAsking] = useTransition()

  // What it tells the page beforehand must be seen at once, so it stands outside the transition.
  function run(asked: UndoRequest) {
    const deed = (page: OpenPage | undefined) =>
      new Promise<boolean>((resolve) => start(async () => resolve(await send(asked, page))))
    void (isReturn ? deed(undefined) : byOwnHand(deed))
  }

  /** Resolves to whether it left the page. */
  async function send(asked: UndoRequest, page: OpenPage | undefined): Promise<boolean> {
    const answer: UndoAnswer = await undo(asked, page?.record).catch(() => UNREACHABLE)
    if (answer.ok) {
      const { request: made, undo: own, listHref } = answer.value
      page?.setOwnRequest(made)
      onDone?.()
      showDone(answer.message, own)
      const isLeft = page !== undefined && listHref !== undefined && page.canBeLeft()
      if (isLeft) router.push(listAddress(page.record.resource, listHref))
      else router.refresh()
      return isLeft
    }
    if (answer.code === 'too_large' && !asked.ids) offerBackground(asked)
    else if (answer.refusal) choose(answer.message, answer.refusal, asked)
    else notifications.show({ color: 'red', title: 'Nothing was undone', message: answer.message, autoClose: false })
    return false
  }

  /** More than one transaction takes: in parts then, by a worker. */
  function offerBackground(asked: UndoRequest) {
    modals.openConfirmModal({
      title: 'Undo in the background?',
      children:
        'More than 10,000 changes are undone in parts, the newest first. Before that all of it is looked through: where something is in the way, you are asked on the page of this undo, and nothing is done until then.',
      labels: { confirm: 'Undo in the background', cancel: 'Leave it' },
      cancelProps: { variant: 'default' },
      onConfirm: () => runInBackground(asked),
    })
  }

  function runInBackground(asked: UndoRequest) {
    start(async () => {
      const { message, job } = await undoInBackground(asked).catch((): UndoJobAnswer => UNREACHABLE)
      // Its page tells how it goes, and asks where something is in the way.
      if (job) router.push(`/admin/tasks/jobs/${job}`)
      else notifications.show({ color: 'red', title: 'Nothing was undone', message, autoClose: false })
    })
  }

  /** Something is in the way: shows it and lets the person choose. */
  function choose(message: string, refusal: UndoRefusal, asked: UndoRequest) {
    const id = modals.open({
      title: 'Something is in the way',
      size: 'lg',
      children: (
        <UndoChoices
          message={message}
          refusal={refusal}
          onClose={() => modals.close(id)}
          onChoose={({ overrule, leaveOut, given }) => {
            modals.close(id)
            run({
              ...asked,
              overrule: asked.overrule || overrule,
              leaveOut: asked.leaveOut || leaveOut,
              given: { ...asked.given, ...given },
            })
          }}
        />
      ),
    })
  }

  /** One question: what is too much for one step is offered in parts at once. */
  function ask() {
    if (!question) return run(request)
    startAsking(async () => {
      const isLarge = !request.ids && (await goesInBackground(request).catch(() => false))
      if (isLarge) offerBackground(request)
      else askOnce(question)
    })
  }

  function askOnce(question: string) {
    modals.openConfirmModal({
      title: 'Undo?',
      children: question,
      labels: { confirm: 'Undo', cancel: 'Leave it' },
      cancelProps: { variant: 'default' },
      onConfirm: () => run(request),
    })
  }

  return (
    <Button
      size={size}
      tone={tone}
      className={className}
      disabled={isRunning || isAsking}
      aria-busy={isRunning || isAsking}
      onClick={ask}
    >
      {isRunning ? 'Undoing…' : label}
    </Button>
  )
}
