'use client'

import { useRouter } from 'next/navigation'
import { useCallback, useEffect, useMemo, useRef, useState } from 'react'
import { useForm } from 'react-hook-form'
import { showDone } from '@/app/admin/history/show-done'
import type { ActionResult, RecordView } from '@/lib/admin/view'
import { isGone, useLifetime } from '../lifetime/lifetime'
import {
  anewInput,
  type FormValues,
  formNames,
  inputId,
  isChanged,
  isTooLarge,
  type SaveInput,
  saveInput,
  startingValues,
  type Then,
} from './form-values'
import { listAddress } from './list-memory'

type Answer = ActionResult<{ id: string; href?: string; undo?: { request: string } }>
type Saved = Extract<Answer, { ok: true }>
export type Save = (input: SaveInput) => Promise<Answer>
export type Failure = Extract<ActionResult, { ok: false }>

/** A conflict as the comparison draws it, and which side was chosen. */
export type Choices = Record<string, 'mine' | 'theirs'>

/** Where a refused save leads: to the input that is wrong, else to what stands on top of the form. By their ids. */
interface Refusal {
  input: string | undefined
  panel: string
}

const UNREACHABLE: Failure = {
  ok: false,
  code: 'unavailable',
  message: 'The server could not be reached. What you typed is still here: try again in a moment.',
  fields: {},
}

const TOO_LARGE: Failure = {
  ok: false,
  code: 'too_large',
  message: 'What you typed is too large to be sent: at most 10 MB. It is still here.',
  fields: {},
}

/**
 * The state of a record's form: what was shown, what is typed, what the server said. A record that changes underneath
 * is taken over where nothing was typed; where something was, the form keeps what it had shown, so that the server can
 * see the conflict.
 */
export function useRecordForm(view: RecordView, save: Save, startAgain: () => void) {
  const router = useRouter()
  const lifetime = useLifetime()
  const names = useMemo(() => formNames(view), [view])
  const form = useForm<FormValues>({ defaultValues: startingValues(view, names) })
  const [shown, setShown] = useState(() => startingValues(view, names))
  const [failure, setFailure] = useState<Failure>()
  const [refusal, setRefusal] = useState<Refusal>()
  const [then, setThen] = useState<Then>('list')
  const [isSaving, setSaving] = useState(false)
  const [reason, setReason] = useState('')
  const [saved, setSaved] = useState<string>()
  const values = form.watch()
  const isDirty = [...names.fields, ...names.links].some(({ key }) => isChanged(shown[key], values[key]))

  const latest = useRef({ shown, names })
  latest.current = { shown, names }

  const takeOver = useCallback(
    (next: RecordView) => {
      const nextNames = formNames(next)
      const fresh = startingValues(next, nextNames)
      const { shown: old, names: oldNames } = latest.current
      const oldKeys = new Map(oldNames.fields.map(({ key, field }) => [field.name, key]))
      const [kept, values] = [{ ...fresh }, { ...fresh }]
      for (const { key, field } of nextNames.fields) {
        const oldKey = oldKeys.get(field.name)
        const typed = oldKey === undefined ? undefined : form.getValues(oldKey)
        if (oldKey === undefined || !isChanged(old[oldKey], typed)) continue
        kept[key] = old[oldKey] ?? null
        values[key] = typed ?? null
      }
      for (const { key } of nextNames.links) {
        if (!isChanged(old[key], form.getValues(key))) continue
        kept[key] = old[key] ?? []
        values[key] = form.getValues(key) ?? []
      }
      form.reset(values)
      setShown(kept)
    },
    [form],
  )

  const taken = useRef(view)
  useEffect(() => {
    if (taken.current === view) return
    taken.current = view
    takeOver(view)
  }, [view, takeOver])

  // Only once it is drawn can it be shown: the answer of a save may bring a whole page along, which takes its time.
  useEffect(() => {
    if (refusal) show(refusal)
  }, [refusal])

  function submit(next: Then, base = shown): Promise<void> {
    const input = saveInput(view, names, base, form.getValues(), next)
    // Whoever has been shown that there is a newer version saves over that one.
    return send({
      ...input,
      version: input.version && (failure?.version ?? input.version),
      reason: reason || undefined,
    })
  }

  /** What was shown and typed of a record that is gone becomes a new one. */
  function createAnew(): Promise<void> {
    return send(anewInput(view, names, form.getValues()))
  }

  async function send(input: SaveInput): Promise<void> {
    if (isSaving) return
    setThen(input.next)
    if (isTooLarge(input)) return fail(TOO_LARGE)
    setSaving(true)
    const sent = form.getValues()
    try {
      const answer = await save(input)
      if (answer.ok) succeed(answer, input.next, sent)
      else fail(answer)
    } catch {
      fail(UNREACHABLE)
    } finally {
      setSaving(false)
    }
  }

  function succeed({ message, value: { href, undo } }: Saved, next: Then, sent: FormValues): void {
    setFailure(undefined)
    setReason('')
    setSaved(undo?.request)
    setShown(sent) // clean from here on: leaving asks nothing
    showDone(message, undo)
    if (next === 'another' && view.id === undefined) startAgain()
    else if (next === 'list') router.push(listAddress(view.resource.key, href ?? view.resource.href))
    else if (href && href !== window.location.pathname) router.push(href)
  }

  function fail(answer: Failure): void {
    const isExpired = lifetime && isGone(answer.code)
    if (isExpired) lifetime.expire(answer.message)
    setFailure(isExpired ? undefined : answer)
    const first = names.fields.find(({ field }) => answer.fields[field.name]?.length)
    // An input that a comparison covers, or a message for the whole, takes what stands on top of the form.
    setRefusal({
      input: answer.conflicts?.length ? undefined : first && inputId(first.field.name),
      panel: isExpired ? 'form-expired' : 'form-summary',
    })
  }

  /** Applies the choices of a comparison and saves again, as the person had meant to. */
  function resolve(choices: Choices): void {
    const base = { ...shown }
    for (const conflict of failure?.conflicts ?? []) {
      const key = names.fields.find(({ field }) => field.name === conflict.field)?.key
      if (!key) continue
      base[key] = conflict.now
      if (choices[conflict.field] === 'theirs') form.setValue(key, conflict.now)
    }
    setShown(base)
    setFailure(undefined)
    void submit(then, base)
  }

  /** What a person mends is not wrong any more until the server says so again. */
  function clearError(name: string): void {
    if (!failure?.fields[name]) return
    const { [name]: _, ...fields } = failure.fields
    setFailure(Object.keys(fields).length || failure.conflicts ? { ...failure, fields } : undefined)
  }

  /** What was refused is no more: the record is back. */
  function forget(): void {
    setFailure(undefined)
  }

  function undoAll(): void {
    form.reset(shown)
    setFailure(undefined)
  }

  const expired = lifetime?.expired
  return {
    form,
    names,
    shown,
    isDirty,
    isSaving,
    saved,
    then,
    failure,
    expired,
    reason,
    setReason,
    submit,
    createAnew,
    resolve,
    clearError,
    forget,
    undoAll,
  }
}

/** Brings it into view and puts the focus there. A panel may be taller than a phone: it begins below the header. */
function show({ input, panel }: Refusal): void {
  const target = input ? document.getElementById(input) : null
  const element = target ?? document.getElementById(panel)
  element?.focus({ preventScroll: true })
  element?.scrollIntoView({ block: target ? 'center' : 'start', behavior: 'auto' })
}
