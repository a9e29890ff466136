import type { NextRequest } from 'next/server'
import NextAuth from 'next-auth'
import { assertSameOrigin, nextAuthOptions, readProviders, siteUrl } from '@/lib/auth'
import { requestFacts } from '@/lib/auth/request'
import { AdminError } from '@/lib/errors'
import { getRuntime } from '@/lib/runtime'

interface Context {
  params: Promise<{ nextauth: string[] }>
}

async function handle(request: NextRequest, context: Context): Promise<Response> {
  const runtime = await getRuntime()
  // next-auth builds callback addresses from this variable alone, and wants its own path in it under a sub-path.
  process.env.NEXTAUTH_URL = `${siteUrl(runtime.env)}/api/auth`
  return NextAuth(request, context, nextAuthOptions(runtime, await requestFacts(), readProviders(process.env)))
}

export { handle as GET }

export async function POST(request: NextRequest, context: Context): Promise<Response> {
  try {
    assertSameOrigin(request, (await getRuntime()).env)
  } catch (error) {
    if (!(error instanceof AdminError)) throw error
    return Response.json({ error: { code: error.code, message: error.message } }, { status: error.status })
  }
  return handle(request, context)
}
