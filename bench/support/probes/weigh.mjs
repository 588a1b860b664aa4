// Weighs a library in a process of its own, plain JavaScript so that nothing else is in there:
// time to import, to the first message, memory at rest, under load, and of idle sockets.
// Prints one JSON object.
//
// Usage: node --expose-gc weigh.mjs <module> <endpoint> <messages>

const [library, endpoint, messages] = process.argv.slice(2)
const IDLE_SOCKETS = 500
const LOADS = [
  [16, 1],
  [4096, 10],
  [65536, 100],
]

const startedAt = performance.now()
const { Push, Pull } = await import(library)
const importMs = performance.now() - startedAt
const pull = new Pull({ linger: 0 })
const push = new Push({ linger: 0 })
await pull.bind(endpoint)
push.connect(pull.lastEndpoint)
await push.send(Buffer.alloc(16))
await pull.receive()
const firstMessageMs = performance.now() - startedAt
globalThis.gc()
const restBytes = process.memoryUsage.rss()

const idle = []
for (let made = 0; made < IDLE_SOCKETS; made++) idle.push(new Push({ linger: 0 }))
globalThis.gc()
const idleSocketBytes = (process.memoryUsage.rss() - restBytes) / IDLE_SOCKETS
for (const socket of idle) socket.close()

async function send(size, count) {
  const message = Buffer.alloc(size)
  for (let sent = 0; sent < count; sent++) await push.send(message)
}

for (const [size, share] of LOADS) {
  const count = Math.ceil(Number(messages) / share)
  const sending = send(size, count)
  for (let got = 0; got < count; got++) await pull.receive()
  await sending
}
const loadBytes = process.resourceUsage().maxRSS * 1024
const found = { importMs, firstMessageMs, restBytes, idleSocketBytes, loadBytes }
console.log(JSON.stringify(found))
process.exit(0)
