// The contracts over zmtp:// within one thread.
import { localPeers } from '../support/peers.ts'
import { messageContract } from './message-contract.ts'
import { patternContract } from './pattern-contract.ts'
import type { Contract } from './side.ts'
import { socketContract } from './socket-contract.ts'
import { transportContract } from './transport-contract.ts'

const contract: Contract = {
  name: 'zmtp',
  scheme: 'zmtp',
  peers: localPeers(),
  wire: true,
  refuses: true,
}
transportContract(contract)
messageContract(contract)
patternContract(contract)
socketContract(contract)
