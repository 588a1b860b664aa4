# A foreign peer: Debian's python3-zmq (libzmq of the system). Reads one JSON order a line and
# answers with one line, as session.mjs does.
import asyncio
import base64
import hashlib
import json
import os
import sys

import zmq
import zmq.asyncio
from zmq.auth.asyncio import AsyncioAuthenticator
from zmq.utils.monitor import parse_monitor_message

LONGEST_TEXT = 1024
PERIOD = 251
LONGEST_LINE = 16 * 1024 * 1024

OPTIONS = {
    'linger': zmq.LINGER,
    'routingId': zmq.ROUTING_ID,
    'mandatory': zmq.ROUTER_MANDATORY,
    'maxMessageSize': zmq.MAXMSGSIZE,
    'sendHighWaterMark': zmq.SNDHWM,
    'receiveHighWaterMark': zmq.RCVHWM,
    'reconnectInterval': zmq.RECONNECT_IVL,
    'heartbeatInterval': zmq.HEARTBEAT_IVL,
    'heartbeatTimeout': zmq.HEARTBEAT_TIMEOUT,
    'heartbeatTimeToLive': zmq.HEARTBEAT_TTL,
    'plainServer': zmq.PLAIN_SERVER,
    'plainUsername': zmq.PLAIN_USERNAME,
    'plainPassword': zmq.PLAIN_PASSWORD,
    'curveServer': zmq.CURVE_SERVER,
    'curveSecretKey': zmq.CURVE_SECRETKEY,
    'zapDomain': zmq.ZAP_DOMAIN,
}

EVENTS = {
    zmq.EVENT_ACCEPTED: 'accept',
    zmq.EVENT_CONNECTED: 'connect',
    zmq.EVENT_HANDSHAKE_SUCCEEDED: 'handshake',
    zmq.EVENT_HANDSHAKE_FAILED_PROTOCOL: 'handshake:error:protocol',
    zmq.EVENT_HANDSHAKE_FAILED_AUTH: 'handshake:error:auth',
    zmq.EVENT_HANDSHAKE_FAILED_NO_DETAIL: 'handshake:error:other',
    zmq.EVENT_DISCONNECTED: 'disconnect',
    zmq.EVENT_CLOSED: 'close',
}

context = zmq.asyncio.Context()
sockets = {}


def decode_frame(text):
    if not text.startswith('*'):
        return base64.b64decode(text)
    size, seed = map(int, text[1:].split(':'))
    pattern = bytes((i + seed) % 256 for i in range(PERIOD))
    return (pattern * (size // PERIOD + 1))[:size]


def encode_frame(data):
    if len(data) <= LONGEST_TEXT:
        return base64.b64encode(data).decode()
    return f'#{len(data)}:{hashlib.sha1(data).hexdigest()}'


def numbered(name, number, size):
    return f'{name}:{number}:'.ljust(size, 'x').encode()


def check_bulk(bodies):
    senders = {}
    for body in bodies:
        name, text = body[:64].decode('latin1').split(':')[:2]
        sender = senders.setdefault(name, {'count': 0, 'first': int(text), 'ordered': True})
        if int(text) != sender['first'] + sender['count']:
            sender['ordered'] = False
        sender['count'] += 1
    return senders


class Peer:
    """A socket and the events of it that nobody asked for yet."""

    def __init__(self, kind, options):
        self.socket = context.socket(getattr(zmq, kind))
        self.socket.linger = 0
        for name, value in options.items():
            value = value.encode() if isinstance(value, str) else value
            self.socket.setsockopt(OPTIONS[name], value)
        self.events = []
        self.news = asyncio.Condition()
        self.monitor = self.socket.get_monitor_socket(events=sum(EVENTS))
        self.task = asyncio.create_task(self.watch())

    async def watch(self):
        while True:
            event = parse_monitor_message(await self.monitor.recv_multipart())
            address = event['endpoint'].decode()
            found = {'type': EVENTS[event['event']], 'address': address, 'text': str(event['value'])}
            async with self.news:
                self.events.append(found)
                self.news.notify_all()

    async def event(self, wanted):
        async with self.news:
            while True:
                for at, event in enumerate(self.events):
                    if event['type'] == wanted:
                        del self.events[: at + 1]
                        return event
                await self.news.wait()

    def close(self):
        self.task.cancel()
        self.socket.disable_monitor()
        self.socket.close()


async def open_socket(order, _peer):
    sockets[order['socket']] = Peer(order['type'], order.get('options') or {})


async def bind(order, peer):
    peer.socket.bind(order['endpoint'])
    return peer.socket.getsockopt(zmq.LAST_ENDPOINT).rstrip(b'\0').decode()


async def connect(order, peer):
    peer.socket.connect(order['endpoint'])


async def disconnect(order, peer):
    peer.socket.disconnect(order['endpoint'])


async def subscribe(order, peer):
    for prefix in order['prefixes']:
        peer.socket.subscribe(prefix)


async def unsubscribe(order, peer):
    for prefix in order['prefixes']:
        peer.socket.unsubscribe(prefix)


async def send(order, peer):
    await peer.socket.send_multipart([decode_frame(frame) for frame in order['frames']])


async def receive(order, peer):
    messages = [await peer.socket.recv_multipart() for _ in range(order['count'])]
    return [[encode_frame(frame) for frame in message] for message in messages]


async def skip_to(order, peer):
    while (await peer.socket.recv_multipart())[-1] != order['text'].encode():
        pass


async def echo(order, peer):
    for _ in range(order['count']):
        await peer.socket.send_multipart(await peer.socket.recv_multipart())


async def send_bulk(order, peer):
    prefix = [decode_frame(frame) for frame in order['prefix']]
    for n in range(order['from'], order['from'] + order['count']):
        await peer.socket.send_multipart([*prefix, numbered(order['name'], n, order['size'])])


async def receive_bulk(order, peer):
    return check_bulk([(await peer.socket.recv_multipart())[-1] for _ in range(order['count'])])


async def round_trips(order, peer):
    prefix = [decode_frame(frame) for frame in order['prefix']]
    sent, bodies = 0, []
    while len(bodies) < order['count']:
        if sent < order['count'] and sent - len(bodies) < order['window']:
            await peer.socket.send_multipart([*prefix, numbered(order['name'], sent, order['size'])])
            sent += 1
        else:
            bodies.append((await peer.socket.recv_multipart())[-1])
    return check_bulk(bodies)


async def event(order, peer):
    return await peer.event(order['type'])


async def events(_order, peer):
    return [event['type'] for event in peer.events]


async def close(order, peer):
    del sockets[order['socket']]
    peer.close()


async def reset(_order, _peer):
    for peer in sockets.values():
        peer.close()
    sockets.clear()


async def zap(order, _peer):
    """Lets in these addresses only, wherever a socket has a zapDomain."""
    authenticator = AsyncioAuthenticator(context)
    authenticator.start()
    authenticator.allow(*order['addresses'])


async def leave(_order, _peer):
    os._exit(0)


OPERATIONS = {
    'open': open_socket, 'bind': bind, 'connect': connect, 'disconnect': disconnect,
    'subscribe': subscribe, 'unsubscribe': unsubscribe, 'send': send, 'receive': receive,
    'skipTo': skip_to, 'echo': echo, 'sendBulk': send_bulk, 'receiveBulk': receive_bulk,
    'roundTrips': round_trips, 'event': event, 'events': events, 'close': close, 'reset': reset,
    'zap': zap, 'exit': leave,
}


def answer(line):
    sys.stdout.write(json.dumps(line) + '\n')
    sys.stdout.flush()


async def perform(order):
    try:
        value = await OPERATIONS[order['op']](order, sockets.get(order.get('socket')))
        answer({'id': order['id'], 'value': value})
    except Exception as error:
        answer({'id': order['id'], 'error': f'{type(error).__name__} {error}'})


async def main():
    reader = asyncio.StreamReader(limit=LONGEST_LINE)
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    answer({'hello': f'python3-zmq {zmq.__version__}, libzmq {zmq.zmq_version()}'})
    running = set()
    while line := await reader.readline():
        task = asyncio.create_task(perform(json.loads(line)))
        running.add(task)
        task.add_done_callback(running.discard)
    os._exit(0)


asyncio.run(main())
