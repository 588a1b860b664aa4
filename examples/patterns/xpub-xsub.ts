// XPUB and XSUB: PUB and SUB that show their subscriptions. An XPUB receives them, so it can start
// what somebody wants, and stop what nobody wants any more; an XSUB subscribes by sending them.
//
//   source (XPUB) -- messages --> reader (XSUB)
//                 <- 01 prefix --               subscribe
//                 <- 00 prefix --               unsubscribe

import { XPublisher, XSubscriber } from 'zmanager'

const source = new XPublisher()
await source.bind('inproc://source')
const reader = new XSubscriber()
reader.connect('inproc://source')

const subscription = (sign: 0 | 1, prefix: string): Uint8Array =>
  Buffer.from([sign, ...Buffer.from(prefix)])

async function hear(): Promise<string> {
  const [frame] = await source.receive()
  return `${frame?.[0] === 1 ? 'wanted' : 'unwanted'}: ${frame?.subarray(1)}`
}

await reader.send(subscription(1, 'clock'))
console.log(await hear()) // prints: wanted: clock

await source.send(['clock', 'noon'])
console.log((await reader.receive()).join(' ')) // prints: clock noon

await reader.send(subscription(0, 'clock'))
console.log(await hear()) // prints: unwanted: clock

await reader.send('anything else goes up as it is')
console.log(String(await source.receive())) // prints: anything else goes up as it is

await Promise.all([source, reader].map((socket) => socket.close()))
