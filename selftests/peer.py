#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""The two ends of the selftests' flows.

serve: answers every connection and datagram with the address and port that it
       came from, and writes the same into a log.
call:  opens flows and prints, a line each, what the far side saw:
       "ADDRESS PORT"; "timeout", "refused", "unreachable CODE" if it saw nothing.
many:  a call for each line of stdin, whose words are those of call
talk:  one flow that stays open; a line on stdin uses it once more.
raw:   a datagram of a protocol without ports: "raw PROTOCOL FROM TO"
ping:  one echo request, FROM TO IDENTIFIER
flood: new UDP flows, FROM TO [FROM TO]..., until killed
spray: a datagram from FROM,PORT to each of the ports FIRST to LAST of TO

Flows: PROTOCOL FROM[,PORT] TO[,PORT], for call any number of them; there FROM
may also be a list A[,PORT]+B[,PORT]…
"""
import argparse
import errno
import fcntl
import os
import select
import socket
import struct
import sys
import time

SCTP = 132
SLOW = 10 if os.environ.get('KSFT_MACHINE_SLOW') == 'yes' else 1
IP_PKTINFO = 8
IPV6_RECVPKTINFO = 49
IPV6_PKTINFO = 50
IP_RECVERR = 11
IPV6_RECVERR = 25


def family(address):
    return socket.AF_INET6 if ':' in address else socket.AF_INET


def plain(address):
    return address[7:] if address.startswith('::ffff:') else address


def ports(text):
    for part in text.split(','):
        first, _, last = part.partition('-')
        yield from range(int(first), int(last or first) + 1)


def datagram_socket(fam, kind, proto):
    """A socket that answers from the address it was asked at."""
    s = socket.socket(fam, kind, proto)
    if fam == socket.AF_INET6:
        if kind != socket.SOCK_RAW:
            s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        s.setsockopt(socket.IPPROTO_IPV6, IPV6_RECVPKTINFO, 1)
    else:
        s.setsockopt(socket.IPPROTO_IP, IP_PKTINFO, 1)
    s.setsockopt(socket.SOL_SOCKET, 33, 16 << 20)  # SO_RCVBUFFORCE
    return s


def listener(fam, proto, where):
    s = socket.socket(fam, socket.SOCK_STREAM, proto)
    if fam == socket.AF_INET6:
        s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    s.bind(where)
    s.listen(1024)
    return s


def answer_datagram(s, log, name, raw=False):
    data, anc, _, peer = s.recvmsg(65535, 512)
    if raw and s.family == socket.AF_INET:
        data = data[(data[0] & 15) * 4:]
    if raw and data.endswith(b'answer'):
        return
    back = []
    for level, kind, value in anc:
        if level == socket.IPPROTO_IP and kind == IP_PKTINFO:
            _, local, _ = struct.unpack('I4s4s', value)
            back = [(level, kind, struct.pack('I4s4s', 0, local, bytes(4)))]
        elif level == socket.IPPROTO_IPV6 and kind == IPV6_PKTINFO:
            back = [(level, kind, value[:16] + bytes(4))]
    line = '%s %d' % (plain(peer[0]), 0 if raw else peer[1])
    log.write('%s %s\n' % (name, line))
    reply = line.encode()
    if raw:
        # The same header, so that a GRE key or an SPI leads back.
        reply = data[:8] + reply + b' answer'
    try:
        s.sendmsg([reply], back, 0, peer[:2] if raw else peer)
    except OSError as err:
        log.write('%s %s: %s\n' % (name, line, err))


def serve(args):
    log = open(args.log, 'a', buffering=1)
    poll = select.epoll()
    what = {}

    def add(s, name):
        s.setblocking(False)
        poll.register(s.fileno(), select.EPOLLIN)
        what[s.fileno()] = (s, name)

    for port in ports(args.ports):
        for fam, any_ in ((socket.AF_INET, '0.0.0.0'), (socket.AF_INET6, '::')):
            add(listener(fam, 0, (any_, port)), 'tcp listen')
            s = datagram_socket(fam, socket.SOCK_DGRAM, 0)
            # so that clients beside it may use its ports
            s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            s.bind((any_, port))
            add(s, 'udp')
    # SCTP would answer a wildcard's client from any of its addresses.
    for address in args.sctp:
        try:
            add(listener(family(address), SCTP, (address, 7)), 'sctp listen')
        except OSError as err:
            log.write('sctp %s: %s\n' % (address, err))
    for proto in (47, 50):
        for fam in (socket.AF_INET, socket.AF_INET6):
            add(datagram_socket(fam, socket.SOCK_RAW, proto), 'raw%d' % proto)
    open(args.ready, 'w').close()
    while True:
        for fd, event in poll.poll():
            s, name = what[fd]
            try:
                if name.endswith(' listen'):
                    conn, _ = s.accept()
                    add(conn, name.split()[0])
                elif name.startswith('raw'):
                    answer_datagram(s, log, name, True)
                elif name == 'udp':
                    answer_datagram(s, log, name)
                elif not s.recv(65536):
                    raise ConnectionResetError
                else:
                    peer = s.getpeername()
                    line = '%s %d' % (plain(peer[0]), peer[1])
                    log.write('%s %s\n' % (name, line))
                    s.sendall(line.encode() + b'\n')
            except BlockingIOError:
                continue
            except OSError:
                if name in ('udp',) or name.startswith('raw'):
                    continue
                poll.unregister(fd)
                del what[fd]
                s.close()


def end(text, port=0):
    address, _, given = text.partition(',')
    return address, int(given or port)


def reason(err):
    if isinstance(err, (socket.timeout, TimeoutError)):
        return 'timeout'
    if err.errno == errno.ECONNREFUSED:
        return 'refused'
    return 'error %s' % errno.errorcode.get(err.errno, err.errno)


def fresh_ports():
    """Ports that no flow of this test had before, of the dynamic ones: a flow that
    is to be a new one must not continue by chance one that conntrack remembers."""
    first, last = 49152, 65535
    with open(os.environ['NEXT_PORT'], 'a+', encoding='ascii') as f:
        while True:
            fcntl.flock(f, fcntl.LOCK_EX)
            f.seek(0)
            port = int(f.read() or first)
            f.truncate(0)
            f.write(str(port + 1 if port < last else first))
            f.flush()
            fcntl.flock(f, fcntl.LOCK_UN)
            yield port


FRESH = fresh_ports()


def open_flow(proto, src, dst, timeout):
    fam = family(dst[0])
    if proto == 'udp':
        s = socket.socket(fam, socket.SOCK_DGRAM)
    else:
        s = socket.socket(fam, socket.SOCK_STREAM, SCTP if proto == 'sctp' else 0)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    s.settimeout(timeout)
    s.bind(src if src[1] else (src[0], next(FRESH)))
    s.connect(dst)
    return s


ANSWERS = {}
TICK = 0.1


def readable(sockets, timeout):
    """Those that can be read, or none within the timeout. It is counted in ticks: a
    VM that got no CPU for seconds has lost one of them, not all."""
    for _ in range(max(1, round(timeout / TICK))):
        ready = select.select(sockets, [], [], TICK)[0]
        if ready:
            return ready
    return []


def answer_on(s, timeout):
    if not readable([s], timeout):
        raise TimeoutError
    return s.recv(4096).decode().strip()


def collect(flows, timeout):
    """What of these is answered in time, or fails, into ANSWERS."""
    waiting = [s for _, s in flows
               if not isinstance(s, str) and s not in ANSWERS]
    while waiting:
        ready = readable(waiting, timeout)
        if not ready:
            break
        for s in ready:
            waiting.remove(s)
            try:
                ANSWERS[s] = answer_on(s, timeout) or 'closed'
            except OSError as err:
                ANSWERS[s] = reason(err)


def ask(s, timeout):
    s.send(b'who am I?\n')
    return answer_on(s, timeout)


def call(args):
    """All flows are open at once; their order is kept."""
    timeout = args.timeout * SLOW
    wanted = []
    for proto, source, to in zip(*[iter(args.flow)] * 3):
        for i in range(args.count):
            for one in source.split('+'):
                address, port = end(one, args.sport)
                wanted.append((proto, (address, port + i if port else 0),
                               end(to, 7)))
    flows = []
    failed = False
    for proto, src, dst in wanted:
        try:
            s = open_flow(proto, src, dst, timeout)
            s.send(b'who am I?\n')
            if args.each:
                flows.append((src, answer_on(s, timeout)))
                if args.reset:
                    s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                                 struct.pack('ii', 1, 0))
                s.close()
            else:
                flows.append((src, s))
        except OSError as err:
            flows.append((src, reason(err)))
        if len(flows) % 32 == 0:
            # No more under way than any queue on the path holds.
            collect(flows[-32:], timeout)
    collect(flows, timeout)
    for src, s in flows:
        line = s if isinstance(s, str) else ANSWERS.get(s, 'timeout')
        failed = failed or not line[0].isdigit() and ':' not in line
        if args.show_source:
            line = '%s %d %s' % (src[0], src[1], line)
        print(line)
    sys.stdout.flush()
    if args.hold:
        open(args.hold, 'w').close()
        while True:
            time.sleep(1000)
    return 1 if failed else 0


def many(args):
    """Without a start of python for each: what a call prints ends in a dot and
    the first word of its line."""
    for line in sys.stdin:
        tag, *words = line.split()
        try:
            call(args.parser.parse_args(['call'] + words))
        except SystemExit:
            pass
        ANSWERS.clear()
        print('. ' + tag, flush=True)


def talk(args):
    timeout = args.timeout * SLOW
    s = None
    for _ in sys.stdin:
        try:
            if s is None:
                s = open_flow(args.protocol, end(args.source, args.sport),
                              end(args.to, 7), timeout)
            line = ask(s, timeout)
        except OSError as err:
            line = reason(err)
        print(line or 'closed', flush=True)


def raw(args):
    """A GRE packet with a key, or ESP with an SPI, that nobody decapsulates."""
    proto = int(args.protocol)
    fam = family(args.to)
    s = socket.socket(fam, socket.SOCK_RAW, proto)
    s.bind((args.source, 0))
    s.settimeout(args.timeout * SLOW)
    if proto == 47:
        head = struct.pack('!HHI', 0x2000, 0x0800, args.sport or 1)
    else:
        head = struct.pack('!II', args.sport or 0x1234, 1)
    s.sendto(head + b'who am I?', (args.to, 0))
    try:
        while True:
            data, peer = s.recvfrom(65535)
            if peer[0] == args.to and data.endswith(b'answer'):
                break
    except OSError as err:
        print(reason(err))
        return 1
    if fam == socket.AF_INET:
        data = data[(data[0] & 15) * 4:]
    print(data[8:].decode().rsplit(' ', 1)[0])
    return 0


def checksum(data):
    data += bytes(len(data) % 2)
    n = sum(struct.unpack('!%dH' % (len(data) // 2), data))
    n = (n >> 16) + (n & 0xffff)
    return ~(n + (n >> 16)) & 0xffff


def ping(args):
    """One echo request with this identifier."""
    six = ':' in args.to
    if six:
        s = socket.socket(socket.AF_INET6, socket.SOCK_RAW, 58)
    else:
        s = socket.socket(socket.AF_INET, socket.SOCK_RAW, 1)
    s.bind((args.source, 0))
    s.settimeout(args.timeout * SLOW)
    head = struct.pack('!BBHHH', 128 if six else 8, 0, 0, args.id, 1)
    if not six:
        head = struct.pack('!BBHHH', 8, 0, checksum(head), args.id, 1)
    s.sendto(head, (args.to, 0))
    try:
        while True:
            data, peer = s.recvfrom(2048)
            if not six:
                data = data[(data[0] & 15) * 4:]
            if peer[0] == args.to and data[0] == (129 if six else 0) and \
               struct.unpack_from('!H', data, 4)[0] == args.id:
                print('answered')
                return 0
    except OSError as err:
        print(reason(err))
        return 1


def flood(args):
    """A new UDP flow again and again, until killed."""
    pairs = list(zip(*[iter(args.pair)] * 2))
    port = 1024
    while True:
        for source, to in pairs:
            port = port + 1 if port < 65000 else 1024
            try:
                with socket.socket(family(to), socket.SOCK_DGRAM) as s:
                    s.bind((source, port))
                    s.sendto(b'flood', (to, 7))
            except OSError:
                time.sleep(0.01)


def spray(args):
    """One UDP flow to each port; what comes back is not looked at."""
    src, dst = end(args.source), end(args.to)[0]
    with socket.socket(family(dst), socket.SOCK_DGRAM) as s:
        s.bind(src)
        for port in range(args.first, args.last + 1):
            try:
                s.sendto(b'spray', (dst, port))
            except OSError as err:
                print(reason(err))
                return 1
    return 0


def main():
    parser = argparse.ArgumentParser()
    sub = parser.add_subparsers(dest='command', required=True)
    p = sub.add_parser('serve')
    p.add_argument('--ports', default='7')
    p.add_argument('--sctp', nargs='*', default=[])
    p.add_argument('--ready', required=True)
    p.add_argument('--log', required=True)
    p.set_defaults(run=serve)
    for name, run in (('call', call), ('talk', talk), ('raw', raw)):
        p = sub.add_parser(name)
        if name == 'call':
            p.add_argument('flow', nargs='+')
        else:
            p.add_argument('protocol')
            p.add_argument('source')
            p.add_argument('to')
        p.add_argument('--sport', type=int, default=0)
        p.add_argument('--timeout', type=float, default=3)
        if name == 'call':
            p.add_argument('--count', type=int, default=1)
            p.add_argument('--show-source', action='store_true')
            p.add_argument('--each', action='store_true',
                           help='one after the other, closed when answered')
            p.add_argument('--reset', action='store_true',
                           help='with --each: closed by RST')
            p.add_argument('--hold', help='make this file, then stay')
        p.set_defaults(run=run)
    p = sub.add_parser('many')
    p.set_defaults(run=many, parser=parser)
    p = sub.add_parser('ping')
    p.add_argument('source')
    p.add_argument('to')
    p.add_argument('id', type=int)
    p.add_argument('--timeout', type=float, default=3)
    p.set_defaults(run=ping)
    p = sub.add_parser('flood')
    p.add_argument('pair', nargs='+')
    p.set_defaults(run=flood)
    p = sub.add_parser('spray')
    p.add_argument('source')
    p.add_argument('to')
    p.add_argument('first', type=int)
    p.add_argument('last', type=int)
    p.set_defaults(run=spray)
    args = parser.parse_args()
    sys.exit(args.run(args) or 0)


if __name__ == '__main__':
    main()
