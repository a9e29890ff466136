import { MantineProvider } from '@mantine/core'
import { renderToStaticMarkup } from 'react-dom/server'
import { expect, test } from 'vitest'
import { mantineTheme, mantineVariables } from '@/lib/ui/theme/mantine-theme'

// Mantine would write these into each page; as a file the browser keeps them. `npx vitest run tests/ui -u` writes it anew.
test('the style sheet of variables is the one the theme gives', async () => {
  const page = renderToStaticMarkup(
    <MantineProvider theme={mantineTheme} cssVariablesResolver={mantineVariables} withGlobalClasses={false}>
      {null}
    </MantineProvider>,
  )
  const css = page.match(/<style data-mantine-styles="true">(.*?)<\/style>/s)?.[1]
  expect(css).toContain('--mantine-color-accent-filled')
  await expect(`${css?.replace(/[;{}]/g, '$&\n')}`).toMatchFileSnapshot('../../lib/ui/theme/mantine-variables.css')
})
