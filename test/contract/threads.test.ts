// The contracts over inproc:// with the peer in a worker thread, found by name alone.
import { suite } from 'uvu'
import { threadPeers } from '../support/peers.ts'
import { messageContract } from './message-contract.ts'
import { patternContract } from './pattern-contract.ts'
import type { Contract } from './side.ts'
import { socketContract } from './socket-contract.ts'
import { transportContract } from './transport-contract.ts'

const contract: Contract = {
  name: 'threads',
  scheme: 'inproc',
  peers: threadPeers(),
  wire: true,
  refuses: false,
}
transportContract(contract)
messageContract(contract)
patternContract(contract)
socketContract(contract)

const last = suite('threads: end')
last('the worker thread ends', () => contract.peers.end())
last.run()
