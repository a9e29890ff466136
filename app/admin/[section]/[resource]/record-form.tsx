'use client'

import { useState } from 'react'
import type { RecordView } from '@/lib/admin/view'
import { ConflictPanel } from './form/conflict-panel'
import { useHydrated } from './form/delete-record'
import { ExpiredPanel } from './form/expired-panel'
import styles from './form/form.module.css'
import { FormSummary } from './form/form-summary'
import { LeaveGuard } from './form/leave-guard'
import { ReasonField } from './form/reason-field'
import { RecordFields } from './form/record-fields'
import { RecordLive } from './form/record-live'
import { SaveBar } from './form/save-bar'
import { type Save, useRecordForm } from './form/use-record-form'
import { useTyped } from './record/open-record'

interface Props {
  view: RecordView
  /** The server action that saves. */
  save: Save
}

/** A record as a form: show and edit are one. Where nothing may be changed it is a page to read. */
export function RecordForm({ view, save }: Props) {
  const [round, setRound] = useState(0)
  return <Form key={`${view.id ?? 'new'} ${round}`} view={view} save={save} startAgain={() => setRound(round + 1)} />
}

function Form({ view, save, startAgain }: Props & { startAgain: () => void }) {
  const state = useRecordForm(view, save, startAgain)
  const { form, names, shown, isDirty, isSaving, failure, expired } = state
  const isReady = useHydrated()
  useTyped(isDirty)
  const isOpen =
    names.fields.some(({ field }) => field.access === 'editable') || names.links.some(({ link }) => link.isEditable)
  const mayChange = isOpen && (view.id === undefined ? view.can.create : view.can.update)
  return (
    <form
      noValidate
      className={styles.card}
      aria-label={view.title}
      aria-busy={isSaving}
      data-ready={isReady || undefined}
      onSubmit={(event) => {
        event.preventDefault()
        if (isReady && expired === undefined) void state.submit('list')
      }}
    >
      {view.id !== undefined && view.resource.at === undefined && expired === undefined && (
        <RecordLive
          resource={view.resource.key}
          id={view.id}
          singular={view.resource.singular}
          isDirty={isDirty}
          isSaving={isSaving}
          saved={state.saved}
          isRefused={failure?.code === 'not_found'}
          onBack={state.forget}
        />
      )}
      {expired !== undefined && (
        <ExpiredPanel
          singular={view.resource.singular}
          message={expired}
          listHref={view.resource.href}
          canCreate={view.can.create}
          isDirty={isDirty}
          isSaving={isSaving}
          onCreate={() => void state.createAnew()}
        />
      )}
      {failure?.conflicts?.length ? (
        <ConflictPanel failure={failure} names={names} isSaving={isSaving} onResolve={state.resolve} />
      ) : (
        failure && <FormSummary failure={failure} names={names} />
      )}
      <RecordFields
        view={view}
        names={names}
        form={form}
        shown={shown}
        errors={failure?.fields ?? {}}
        onEdit={state.clearError}
      />
      {mayChange && expired === undefined && view.keepsVersions && (
        <ReasonField value={state.reason} onChange={state.setReason} />
      )}
      {mayChange && expired === undefined && (
        <SaveBar
          isReady={isReady}
          isDirty={isDirty}
          isSaving={isSaving}
          then={state.then}
          canCreate={view.can.create}
          onSave={(then) => void state.submit(then)}
          onUndo={state.undoAll}
        />
      )}
      <LeaveGuard isDirty={isDirty && !isSaving} />
    </form>
  )
}
