// The queue device: clients know one address, servers come and go behind it. It also bridges
// transports: here the clients are on tcp and the servers in this process.
//
//   clients (REQ) --tcp--> [ ROUTER | DEALER ] --inproc--> servers (REP)

import { Dealer, Device, Reply, Request, Router } from 'zmanager'

const front = new Router()
const back = new Dealer()
await front.bind('tcp://127.0.0.1:0')
await back.bind('inproc://servers')
const queue = Device.queue(front, back)
const running = queue.run()

const servers = [new Reply(), new Reply()]
for (const server of servers) {
  server.connect('inproc://servers')
  void serve(server)
}

async function serve(server: Reply): Promise<void> {
  for await (const [text] of server) await server.send(String(text).toUpperCase())
}

const clients = ['one', 'two', 'three'].map(async (text) => {
  const client = new Request()
  client.connect(front.lastEndpoint ?? '')
  await client.send(text)
  const answer = String(await client.receive())
  await client.close()
  return `${text} -> ${answer}`
})
for (const answer of await Promise.all(clients)) console.log(answer)
// prints: one -> ONE
// prints: two -> TWO
// prints: three -> THREE

console.log('requests:', queue.statistics().back.sent.messages) // prints: requests: 3
await queue.stop()
await running
await Promise.all([front, back, ...servers].map((socket) => socket.close()))
