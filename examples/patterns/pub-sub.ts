// PUB and SUB: every subscriber gets what its prefixes match; nobody waits for anybody.
// Who is not subscribed yet misses what is sent, as with a radio.
//
//                  .--> "oslo"  (SUB)
//   weather (PUB) -+
//                  '--> all     (SUB)

import { Publisher, Subscriber } from 'zmanager'

const weather = new Publisher()
await weather.bind('inproc://weather')
await weather.send(['oslo', 'heard by nobody'])

const oslo = new Subscriber()
const all = new Subscriber()
for (const subscriber of [oslo, all]) subscriber.connect('inproc://weather')
oslo.subscribe('oslo')
all.subscribe()

await weather.send(['rome', 'sun'])
await weather.send(['oslo', 'rain'])

console.log('oslo hears', (await oslo.receive()).join(' ')) // prints: oslo hears oslo rain
console.log('all hears', (await all.receive()).join(' ')) // prints: all hears rome sun
console.log('all hears', (await all.receive()).join(' ')) // prints: all hears oslo rain
console.log(weather.statistics().dropped) // prints: { 'no-peer': 1 }

await Promise.all([weather, oslo, all].map((socket) => socket.close()))
