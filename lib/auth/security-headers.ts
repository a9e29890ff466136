/** Headers for every answer, pages and data alike. */
const ALWAYS: Readonly<Record<string, string>> = {
  'X-Content-Type-Options': 'nosniff',
  'X-Frame-Options': 'DENY',
  'Referrer-Policy': 'strict-origin-when-cross-origin',
  'Permissions-Policy': 'camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()',
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Resource-Policy': 'same-origin',
}

/** @param secure whether people reach the site by https */
export function securityHeaders(secure: boolean): Record<string, string> {
  return secure ? { ...ALWAYS, 'Strict-Transport-Security': 'max-age=31536000' } : { ...ALWAYS }
}

/**
 * The content policy of a page. Only scripts with this request's nonce run, and what they load themselves; style
 * elements need the nonce too, while style attributes stay free because Mantine, Recharts and Tiptap position by them.
 * @param nonce fresh for every request
 * @param development React's refresh evaluates strings, and Next's own error overlay brings style elements without a nonce
 */
export function contentPolicy(nonce: string, development = false): string {
  const evaluation = development ? " 'unsafe-eval'" : ''
  // Where a nonce is named, browsers ignore 'unsafe-inline': development names none.
  const styles = development ? "'unsafe-inline'" : `'nonce-${nonce}'`
  return [
    "default-src 'self'",
    `script-src 'nonce-${nonce}' 'strict-dynamic'${evaluation}`,
    `style-src 'self' ${styles}`,
    "style-src-attr 'unsafe-inline'",
    "img-src 'self' data: blob:",
    "font-src 'self'",
    "connect-src 'self'",
    "object-src 'none'",
    "base-uri 'none'",
    "form-action 'self'",
    "frame-ancestors 'none'",
  ].join('; ')
}
