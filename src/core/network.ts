// IP addresses and networks as text: what is one, and which. No platform is asked, so an option is
// checked when it is set, wherever the socket lives. IPv4 written as IPv6 (::ffff:1.2.3.4) is IPv4.

export interface Network {
  readonly family: 'ipv4' | 'ipv6'
  readonly address: string
  /** How many leading bits count. */
  readonly prefix: number
}

const PART = '(?:25[0-5]|2[0-4]\\d|1\\d\\d|[1-9]?\\d)'
const IPV4 = new RegExp(`^${PART}(?:\\.${PART}){3}$`)
const MAPPED = /^\[::ffff:([\da-f]{1,4}):([\da-f]{1,4})\]$/
const MAPPED_BITS = 96

/** Four decimal numbers without leading zeros. */
export function isIpv4(text: string): boolean {
  return IPV4.test(text)
}

/** An address of IPv6, without brackets and without a `%zone`. */
export function isIpv6(text: string): boolean {
  return /^[\da-f:.]+$/i.test(text) && URL.canParse(`http://[${text}]`)
}

/** The IPv4 address that an IPv6 one stands for, or the text itself. */
export function unmapped(text: string): string {
  const match = isIpv6(text) ? MAPPED.exec(new URL(`http://[${text}]`).hostname) : null
  if (!match) return text
  const words = [match[1], match[2]].map((word) => Number.parseInt(word as string, 16))
  return words.flatMap((word) => [word >> 8, word & 255]).join('.')
}

/** `address` or `address/bits`; undefined for what is neither. */
export function parseNetwork(text: string): Network | undefined {
  const [, given = '', bits] = /^([^/]+)(?:\/(\d{1,3}))?$/.exec(text) ?? []
  const family = isIpv4(given) ? 'ipv4' : isIpv6(given) ? 'ipv6' : undefined
  if (!family) return undefined
  const longest = family === 'ipv4' ? 32 : 128
  const prefix = bits === undefined ? longest : Number(bits)
  if (prefix > longest) return undefined
  const address = unmapped(given)
  return address === given || prefix < MAPPED_BITS
    ? { family, address: given, prefix }
    : { family: 'ipv4', address, prefix: prefix - MAPPED_BITS }
}
