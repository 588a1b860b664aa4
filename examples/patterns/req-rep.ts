// REQ and REP: a question, then its answer, strictly in turn on both sides.
//
//   client (REQ) -- question --> server (REP)
//                <--- answer ---

import { Reply, Request, ZmqError } from 'zmanager'

const server = new Reply()
await server.bind('tcp://127.0.0.1:0')
void serve()

async function serve(): Promise<void> {
  for await (const [name] of server) await server.send(`hello, ${name}`)
}

const client = new Request()
client.connect(server.lastEndpoint ?? '')

for (const name of ['Ada', 'Grace']) {
  await client.send(name)
  console.log(String(await client.receive()))
}
// prints: hello, Ada
// prints: hello, Grace

await client.send('once')
const twice: unknown = await client.send('twice').catch((error) => error)
if (twice instanceof ZmqError) console.log(twice.code) // prints: EFSM

await Promise.all([client, server].map((socket) => socket.close()))
