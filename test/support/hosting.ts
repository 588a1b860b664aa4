// A process that starts another by startHost, says so, and waits to be killed.
import { startHost } from '../../src/manager/host/host.ts'

const entry = new URL('./hosted.ts', import.meta.url)
const file = process.argv[2] as string
await startHost('process', entry, { file, after: 'wait' }, 'child', new AbortController().signal)
console.log('ready')
