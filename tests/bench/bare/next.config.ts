import path from 'node:path'
import type { NextConfig } from 'next'

const config: NextConfig = {
  poweredByHeader: false,
  typescript: { ignoreBuildErrors: true },
  outputFileTracingRoot: path.resolve(process.cwd(), '../../..'),
  serverExternalPackages: ['postgres'],
}

export default config
