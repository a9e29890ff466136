import { defineConfig } from 'drizzle-kit'

/** For `npx drizzle-kit generate` after a change in drizzle/tables; `npm run migrate` applies what it writes. */
export default defineConfig({
  dialect: 'postgresql',
  schema: './drizzle/schema.ts',
  out: './drizzle/migrations',
})
