'use client'

import { Button, CopyButton, TextInput } from '@mantine/core'
import { modals } from '@mantine/modals'
import settings from '../settings.module.css'

/** Shows a link that is shown only once, ready to be copied. */
export function openLink(name: string, url: string): void {
  modals.open({ title: `A link for ${name}`, children: <LinkToCopy url={url} /> })
}

function LinkToCopy({ url }: { url: string }) {
  return (
    <div className={settings.stack}>
      <p>Give it to them in a way only they can read. It works once, for a day, and replaces any made before.</p>
      <TextInput
        aria-label="Link to set a password"
        value={url}
        readOnly
        data-autofocus
        onFocus={(event) => event.currentTarget.select()}
      />
      <CopyButton value={url} timeout={2000}>
        {({ copied, copy }) => <Button onClick={copy}>{copied ? 'Copied' : 'Copy the link'}</Button>}
      </CopyButton>
    </div>
  )
}
