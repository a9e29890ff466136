// Lets plain Node import the project's TypeScript; only after the packages are there.

import { register as registerHooks } from 'node:module'

/** From here on `import()` understands TypeScript, the alias `@/` and, as empty modules, style sheets. */
export async function enableTypeScript() {
  const { register } = await import('tsx/esm/api')
  register()
  registerHooks(new URL('./style-hooks.mjs', import.meta.url))
}
