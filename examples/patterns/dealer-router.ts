// DEALER and ROUTER: many questions under way at once, and a server that may answer in any order.
// The ROUTER sees who sent a message in its first frame, and sends to whom its first frame names.
//
//   anna (DEALER) --+
//                   +--> server (ROUTER)    receives [anna, text], sends [anna, text]
//   bert (DEALER) --'

import { Dealer, Router } from 'zmanager'

const server = new Router()
await server.bind('inproc://server')

const anna = new Dealer({ routingId: 'anna' })
const bert = new Dealer({ routingId: 'bert' })
for (const dealer of [anna, bert]) dealer.connect('inproc://server')

await anna.send('first')
await anna.send('second')
await bert.send('third')

const messages: string[][] = []
while (messages.length < 3) messages.push((await server.receive()).map(String))
for (const [from, text] of messages.reverse()) await server.send([from ?? '', `${text} done`])

console.log('anna:', String(await anna.receive())) // prints: anna: second done
console.log('anna:', String(await anna.receive())) // prints: anna: first done
console.log('bert:', String(await bert.receive())) // prints: bert: third done

await server.send(['carl', 'is nobody here'])
console.log(server.statistics().dropped) // prints: { unroutable: 1 }

await Promise.all([server, anna, bert].map((socket) => socket.close()))
