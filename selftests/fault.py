#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Every allocation on the way of every message fails once; see netlink-fault.sh."""
import os
import struct

import nl
from nl import attr, nest, u8

FAIL = '/proc/thread-self/fail-nth'


def result(good, what, more=''):
    print('%s %s' % ('ok' if good else 'not ok', what), flush=True)
    if not good and more != '':
        print('#', more, flush=True)


def ip(n):
    return struct.pack('>I', n)


def rng(kind, first, last=None, *more):
    return nest(kind, attr(1, ip(first)), *([attr(2, ip(last))] if last else []), *more)


OBJECTS = [
    nest(nl.SETTINGS, attr(1, 'a'), attr(2, '/etc/f'), attr(6, b'xx')),
    nest(nl.SET, attr(1, 's'), *(rng(2, 0x0a000000 + 8 * i, 0x0a000000 + 8 * i + 2)
                                 for i in range(40)), rng(2, 0x0a000009, None, attr(3))),
    nest(nl.POOL, attr(2, 'spare'), rng(3, 0x0c000000, 0x0c0000ff), rng(3, 0x0c000101, None,
         attr(5, 'b')), attr(12, b'userdata')),
    nest(nl.POOL, attr(2, 'p'), *(rng(3, 0x0b000000 + 4 * i, None, u8(4, i % 3))
                                  for i in range(40)),
         rng(3, 0x0b000004, None, attr(3)), attr(4, struct.pack('=HHHH', 1024, 2000, 3000, 4000)),
         attr(5, 'spare')),
    attr(nl.CONTINUE) + nest(nl.POOL, attr(2, 'p'), rng(3, 0x0b010000)),
    nest(nl.SOURCE, attr(1, 'src'), attr(3, bytes([186, 4])), attr(4, struct.pack('=I', 254)),
         nest(5, attr(1, 'v')), nest(6, attr(1, 'lo'), attr(1, 'er*')),
         nest(7, rng(1, 0x01010101), attr(2, 's')), attr(8, struct.pack('=I', 1)),
         attr(9, struct.pack('=II', 1, 9)),
         attr(10, ip(0x0a000000) + bytes(12) + bytes([2, 8, 8, 24])),
         attr(11, struct.pack('=I', 99)), nest(13, rng(1, 0x01010101, None)), attr(14, b'u')),
    nest(nl.RULE, attr(1, 'r'), nest(2, attr(1, 'src'), attr(2)), nest(3, attr(1, 'src')),
         nest(4, attr(1, 'd')), nest(5, attr(1, 'd')), nest(6, attr(1, 'd')),
         nest(7, attr(2, 's'), rng(1, 0x0b0b0b0b), rng(1, 0x0a000001, None, attr(3))),
         nest(8, rng(1, 0x0b0b0b0b)), attr(9, b'\6'), attr(10, struct.pack('=HH', 1, 9)),
         attr(11, struct.pack('=HH', 1, 9)), u8(14, 1), attr(15, 'p'), attr(17, b'u')),
    nest(nl.RULE, attr(1, 'r2'), nest(7, attr(2, 's')), u8(14, 3)),
]


def one(prepare, cmd, payload, flags=nl.REQUEST | nl.ACK):
    """Fails allocation 1, 2, … of the message until none is left to fail."""
    fd = os.open(FAIL, os.O_RDWR)
    n = 0
    while True:
        n += 1
        g = nl.Genl(timeout=1)
        data = prepare(g)
        msg = g.message(cmd, data + payload, flags)
        os.pwrite(fd, b'%d' % n, 0)
        try:
            g.s.send(msg)
            kind = 0
            while flags & nl.DUMP == nl.DUMP and kind not in (2, 3):
                answer = g.s.recv(1 << 16)
                kind = struct.unpack_from('=IH', answer)[1]
        except OSError:
            pass
        left = int(os.pread(fd, 16, 0))
        os.pwrite(fd, b'0', 0)
        g.close()
        if left or n > 400:
            os.close(fd)
            return n - 1


def prepare(k):
    def run(g):
        cookie = g.begin()
        for o in OBJECTS[:k]:
            err = g.send(nl.ADD, attr(nl.COOKIE, cookie) + o)
            if err:
                raise OSError('%s %s' % (err, g.text))
        return attr(nl.COOKIE, cookie)
    return run


def nothing(g):
    return b''


total = one(nothing, nl.BEGIN, b'')
for k, o in enumerate(OBJECTS):
    n = one(prepare(k), nl.ADD, o)
    print('# object %d: %d' % (k, n), flush=True)
    total += n
total += one(prepare(len(OBJECTS)), nl.COMMIT, attr(nl.CHECK))
n = one(prepare(len(OBJECTS)), nl.COMMIT, b'')
print('# commit: %d' % n, flush=True)
total += n
for cmd in (nl.GET_CONFIG, nl.GET_POOL, nl.GET_SESSION):
    total += one(nothing, cmd, b'', nl.REQUEST | nl.DUMP)
total += one(nothing, nl.GET_STATUS, b'')
total += one(nothing, nl.EXPLAIN, nest(nl.FLOW, attr(1, ip(0x0a000001)), attr(2, ip(0x0b0b0b0b)),
                                      attr(3, 'lo')))
total += one(nothing, nl.FLUSH, attr(nl.FORCE))
result(total > 100, '%d allocations failed' % total)
g = nl.Genl()
cookie = prepare(len(OBJECTS))(g)
err = g.send(nl.COMMIT, cookie)
result(not err, 'and then it works', err)
