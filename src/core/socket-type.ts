// The socket types by their ZMTP names (RFC 23, 28-31; draft: 41, 48, 49, 51, 52), and which may talk
// to which.

export type SocketType =
  | 'PAIR'
  | 'PUB'
  | 'SUB'
  | 'REQ'
  | 'REP'
  | 'DEALER'
  | 'ROUTER'
  | 'PULL'
  | 'PUSH'
  | 'XPUB'
  | 'XSUB'
  | 'CLIENT'
  | 'SERVER'
  | 'RADIO'
  | 'DISH'
  | 'SCATTER'
  | 'GATHER'
  | 'CHANNEL'
  | 'PEER'

/** Valid peers of each socket type (RFC 37; libzmq's check_socket_type). */
export const PEERS: Readonly<Record<SocketType, readonly SocketType[]>> = {
  PAIR: ['PAIR'],
  PUB: ['SUB', 'XSUB'],
  SUB: ['PUB', 'XPUB'],
  REQ: ['REP', 'ROUTER'],
  REP: ['REQ', 'DEALER'],
  DEALER: ['REP', 'DEALER', 'ROUTER'],
  ROUTER: ['REQ', 'DEALER', 'ROUTER'],
  PULL: ['PUSH'],
  PUSH: ['PULL'],
  XPUB: ['SUB', 'XSUB'],
  XSUB: ['PUB', 'XPUB'],
  CLIENT: ['SERVER'],
  SERVER: ['CLIENT'],
  RADIO: ['DISH'],
  DISH: ['RADIO'],
  SCATTER: ['GATHER'],
  GATHER: ['SCATTER'],
  CHANNEL: ['CHANNEL'],
  PEER: ['PEER'],
}

export function isSocketType(name: string): name is SocketType {
  return Object.hasOwn(PEERS, name)
}
