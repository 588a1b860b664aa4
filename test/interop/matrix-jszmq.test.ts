// Every pair of socket types that jszmq has, over WebSockets, which is all it has.
import { runMatrix } from './matrix.ts'
import { CLASSIC } from './pairs.ts'

await runMatrix({ library: 'jszmq', pairs: CLASSIC, ways: ['ws', 'tcp to ws'] })
