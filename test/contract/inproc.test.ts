// The contracts over inproc:// within one thread.
import { localPeers } from '../support/peers.ts'
import { messageContract } from './message-contract.ts'
import { patternContract } from './pattern-contract.ts'
import type { Contract } from './side.ts'
import { socketContract } from './socket-contract.ts'
import { transportContract } from './transport-contract.ts'

const contract: Contract = {
  name: 'inproc',
  scheme: 'inproc',
  peers: localPeers(),
  wire: false,
  refuses: false,
}
transportContract(contract)
messageContract(contract)
patternContract(contract)
socketContract(contract)
