// All contracts over one wire, both sides in this thread.
import type { Scheme } from '../support/index.ts'
import { localPeers } from '../support/peers.ts'
import { messageContract } from './message-contract.ts'
import { patternContract } from './pattern-contract.ts'
import type { Contract } from './side.ts'
import { socketContract } from './socket-contract.ts'
import { transportContract } from './transport-contract.ts'

export function wireContract(scheme: Scheme): void {
  const contract: Contract = {
    name: scheme,
    scheme,
    peers: localPeers(),
    wire: true,
    refuses: true,
  }
  transportContract(contract)
  messageContract(contract)
  patternContract(contract)
  socketContract(contract)
}
