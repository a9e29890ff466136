import type { NextConfig } from 'next'
import { securityHeaders } from './lib/auth/security-headers'

const config: NextConfig = {
  reactStrictMode: true,
  poweredByHeader: false,
  distDir: process.env.KONTOR_DIST_DIR ?? '.next',
  output: process.env.KONTOR_STANDALONE ? 'standalone' : undefined,
  // The tests are npm run check's business: a deployer's own tables and config must not fail on them here.
  typescript: { tsconfigPath: 'tsconfig.build.json' },
  experimental: {
    // A page nobody may see answers 403.
    authInterrupts: true,
    // What a form sends; the form itself stops what is larger than MOST_SENT_BYTES (form-values.ts) and says so. Next
    // holds no more than this of a proxied body.
    serverActions: { bodySizeLimit: '10mb' },
  },
  turbopack: { root: process.cwd() },
  // Native programs and libraries that look for files beside themselves stay in node_modules.
  serverExternalPackages: ['@node-rs/argon2', 'bullmq', 'ioredis', 'pg', 'pino', 'postgres'],
  // The demo is reached by number as well as by name.
  allowedDevOrigins: ['127.0.0.1', 'localhost'],
  // proxy.ts stays away from /api, so its answers get their headers here. These are fixed when the site is built, which
  // knows no address: that the host is to be reached by HTTPS alone is said by its pages.
  headers: async () => [
    {
      source: '/api/:path*',
      headers: Object.entries(securityHeaders(false)).map(([key, value]) => ({ key, value })),
    },
  ],
}

export default config
