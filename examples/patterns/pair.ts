// PAIR: exactly two sockets that talk both ways, whenever they like. A third one is sent away.
//
//   left (PAIR) <----> right (PAIR)

import { Pair } from 'zmanager'

const left = new Pair()
const right = new Pair()
await left.bind('inproc://pair')
right.connect('inproc://pair')

await left.send('ready?')
await left.send('steady?')
await right.send('go!')

console.log(String(await right.receive())) // prints: ready?
console.log(String(await right.receive())) // prints: steady?
console.log(String(await left.receive())) // prints: go!

const third = new Pair({ linger: 0 })
third.connect('inproc://pair')
console.log('peers of left:', left.peers.length) // prints: peers of left: 1

await Promise.all([left, right, third].map((socket) => socket.close()))
