import { Pull, Push } from './src/index.ts'

const pull = new Pull({ receiveHighWaterMark: 5 })
await pull.bind(process.argv[2]!)
const push = new Push({ sendHighWaterMark: 0 })
push.connect(pull.lastEndpoint!)
await push.ready()
const body = Buffer.alloc(Number(process.argv[3]))
const N = Number(process.argv[4])
for (let i = 0; i < N; i++) await push.send(body)
const t0 = performance.now()
const closed = push
  .close()
  .then(() => console.log('closed after', Math.round(performance.now() - t0), push.statistics()))
await new Promise((r) => setTimeout(r, 3500))
let n = 0
pull.receiveTimeout = 1500
try {
  for (;;) {
    await pull.receive()
    n++
  }
} catch {}
console.log('received', n, 'of', N)
await closed
await pull.close()
