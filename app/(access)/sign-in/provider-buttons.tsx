'use client'

import { Button } from '@mantine/core'
import { useState } from 'react'
import styles from '../access.module.css'

interface Props {
  providers: { id: string; name: string }[]
  callbackUrl: string
}

/**
 * The other ways in. Asked for by script rather than by a form: the answer is a redirect to another site, which the
 * page's `form-action` forbids to forms.
 */
export function ProviderButtons({ providers, callbackUrl }: Props) {
  const [chosen, setChosen] = useState<string>()
  const [hasFailed, setHasFailed] = useState(false)

  async function goTo(id: string) {
    setChosen(id)
    setHasFailed(false)
    try {
      window.location.assign(await providerAddress(id, callbackUrl))
    } catch {
      setChosen(undefined)
      setHasFailed(true)
    }
  }

  return (
    <>
      <div className={styles.or}>or</div>
      {hasFailed && (
        <p role="alert" className={styles.problem}>
          This way in does not answer. Try again, or use your password.
        </p>
      )}
      <div className={styles.providers}>
        {providers.map(({ id, name }) => (
          <Button key={id} variant="default" loading={chosen === id} onClick={() => goTo(id)}>
            Continue with {name}
          </Button>
        ))}
      </div>
    </>
  )
}

/** Where the provider wants to see the person. */
async function providerAddress(id: string, callbackUrl: string): Promise<string> {
  // From the page's own address, which knows the sub-path the site lives under.
  const base = window.location.pathname.replace(/\/sign-in\/?$/, '')
  const { csrfToken } = (await (await fetch(`${base}/api/auth/csrf`)).json()) as { csrfToken: string }
  const answer = await fetch(`${base}/api/auth/signin/${id}`, {
    method: 'POST',
    body: new URLSearchParams({ csrfToken, callbackUrl: base + callbackUrl, json: 'true' }),
  })
  if (!answer.ok) throw new Error(`next-auth answered ${answer.status}`)
  return ((await answer.json()) as { url: string }).url
}
