// Every pair of socket types with npm zeromq, its draft types included.
import { runMatrix } from './matrix.ts'
import { CLASSIC, DRAFT } from './pairs.ts'

await runMatrix({
  library: 'zeromq',
  pairs: [...CLASSIC, ...DRAFT],
  ways: ['ipc', 'zmtp', 'tcp', 'ws', 'tcp to ws'],
})
