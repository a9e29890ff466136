import { lookup as resolve } from 'node:dns/promises'
import { BlockList, isIP, isIPv4 } from 'node:net'
import { PermanentError } from '../failure'

/** Where a webhook may go besides the public internet: hosts by name, addresses, or ranges such as '10.1.0.0/16'. */
export type AllowedTargets = readonly string[]

export interface ResolvedTarget {
  address: string
  family: 4 | 6
}

/** Ranges nobody outside reaches (loopback, private, link-local, carrier, documentation, multicast, reserved). */
const PRIVATE_V4 = [
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.0.2.0/24',
  '192.88.99.0/24',
  '192.168.0.0/16',
  '198.18.0.0/15',
  '198.51.100.0/24',
  '203.0.113.0/24',
  '224.0.0.0/4',
  '240.0.0.0/4',
]

/** The same for IPv6. What carries an IPv4 address inside (mapped, NAT64, 6to4, Teredo) could mean any of the above. */
const PRIVATE_V6 = [
  '::/96',
  '::ffff:0:0/96',
  '64:ff9b::/96',
  '64:ff9b:1::/48',
  '100::/64',
  '2001::/23',
  '2001:db8::/32',
  '2002::/16',
  '3fff::/20',
  '5f00::/16',
  'fc00::/7',
  'fe80::/10',
  'fec0::/10',
  'ff00::/8',
]

// Two lists: one with the mapped range in it would hold every IPv4 address.
const [PRIVATE_4, PRIVATE_6] = [rangesOf(PRIVATE_V4), rangesOf(PRIVATE_V6)]

/** Whether an address is one that only this network reaches. */
export function isPrivate(address: string): boolean {
  return isIPv4(address) ? PRIVATE_4.check(address, 'ipv4') : PRIVATE_6.check(address, 'ipv6')
}

/**
 * Resolves a host once and answers the address to connect to: asking again when connecting could give another answer.
 * @throws PermanentError where every address of the host is private and none is allowed
 */
export async function resolveTarget(host: string, allowed: AllowedTargets): Promise<ResolvedTarget> {
  const bare = host.replace(/^\[(.*)\]$/, '$1')
  const found = isIP(bare)
    ? [{ address: bare, family: isIP(bare) }]
    : await resolve(bare, { all: true, verbatim: true })
  const isNamed = allowed.some((target) => target.toLowerCase() === bare.toLowerCase())
  const ranges = rangesOf(allowed.filter((target) => isIP(target.split('/')[0] ?? '') !== 0))
  const target = found.find(({ address }) => {
    const family = isIPv4(address) ? 'ipv4' : 'ipv6'
    return isNamed || !isPrivate(address) || ranges.check(address, family)
  })
  if (!target) {
    const addresses = found.map(({ address }) => address).join(', ')
    throw new PermanentError(
      `${bare} (${addresses}) is a private address, which webhooks may not reach unless allowed.`,
    )
  }
  return { address: target.address, family: target.family === 6 ? 6 : 4 }
}

function rangesOf(texts: readonly string[]): BlockList {
  const list = new BlockList()
  for (const text of texts) {
    const [address = '', bits] = text.split('/')
    const family = isIPv4(address) ? 'ipv4' : 'ipv6'
    list.addSubnet(address, Number(bits ?? (family === 'ipv4' ? 32 : 128)), family)
  }
  return list
}
