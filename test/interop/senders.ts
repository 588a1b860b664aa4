// Who sent how many numbered bodies, and whether each sender's came in order without a gap.

export type Senders = Record<string, { count: number; first: number; ordered: boolean }>

const HEAD = 64

/** Adds the body of one message. */
export function countBody(senders: Senders, body: Uint8Array): void {
  const head = Buffer.from(body.subarray(0, HEAD)).toString('latin1')
  const [name, text] = head.split(':') as [string, string]
  const number = Number(text)
  senders[name] ??= { count: 0, first: number, ordered: true }
  const sender = senders[name]
  if (number !== sender.first + sender.count) sender.ordered = false
  sender.count++
}

export function countBodies(bodies: readonly Uint8Array[]): Senders {
  const senders: Senders = {}
  for (const body of bodies) countBody(senders, body)
  return senders
}
