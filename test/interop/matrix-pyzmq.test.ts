// Every pair of socket types with Debian's python3-zmq.
import { runMatrix } from './matrix.ts'
import { CLASSIC } from './pairs.ts'

await runMatrix({
  library: 'pyzmq',
  pairs: CLASSIC,
  ways: ['ipc', 'zmtp', 'tcp', 'ws', 'tcp to ws'],
})
