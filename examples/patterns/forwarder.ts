// The forwarder device: publishers and subscribers know one address each. Subscriptions go up through
// it, so that publishers send only what somebody wants.
//
//   publisher (XPUB) --> [ XSUB | XPUB ] --+--> one (SUB)
//                    <- subscriptions -    '--> two (SUB)

import { Device, Subscriber, XPublisher, XSubscriber } from 'zmanager'

const publisher = new XPublisher() // as a PUB, but it shows which subscriptions arrive
const front = new XSubscriber()
const back = new XPublisher()
await publisher.bind('inproc://publisher')
front.connect('inproc://publisher')
await back.bind('inproc://subscribers')
const forwarder = Device.forwarder(front, back)
const running = forwarder.run()

const subscribers = [new Subscriber(), new Subscriber()]
for (const subscriber of subscribers) {
  subscriber.connect('inproc://subscribers')
  subscriber.subscribe('oslo')
}
const [news] = await publisher.receive()
console.log('wanted, once:', String(news?.subarray(1))) // prints: wanted, once: oslo

await publisher.send(['rome', 'sun'])
await publisher.send(['oslo', 'rain'])
for (const subscriber of subscribers) console.log((await subscriber.receive()).join(' '))
// prints: oslo rain
// prints: oslo rain
console.log('forwarded:', forwarder.statistics().back.sent.messages) // prints: forwarded: 1

await forwarder.stop()
await running
const sockets = [publisher, front, back, ...subscribers]
await Promise.all(sockets.map((socket) => socket.close()))
