/** Whether an address may be a link: http and https with a host, nothing else (`javascript:` runs when clicked). */
export function isSafeUrl(text: string): boolean {
  try {
    const { protocol, hostname } = new URL(text)
    return (protocol === 'https:' || protocol === 'http:') && hostname !== '' && !/\s/.test(text)
  } catch {
    return false
  }
}
