#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""What a hostile or broken client could send to ernat: netlink-hostile.sh."""
import os
import random
import struct
import sys

import nl
from nl import attr, nest, u8, u32, u64

# Attributes within objects
(S_NAME, S_RANGE) = 1, 2
(P_NAME, P_RANGE, P_PORTS, P_OVERFLOW, P_HOST_LIMIT, P_HOST_PREFIX, P_RAISE,
 P_CLEAR, P_EXHAUSTED, P_LOG, P_USERDATA) = range(2, 13)
R_FIRST, R_LAST, R_EXCEPT, R_STATE, R_ROUTER = range(1, 6)
(SRC_NAME, SRC_ROLE, SRC_PROTOCOL, SRC_TABLE, SRC_VRF, SRC_DEVICE, SRC_VIA,
 SRC_REALM, SRC_METRIC, SRC_PREFIX, SRC_LOOKUP) = range(1, 12)
(RU_NAME, RU_TO, RU_RETURN, RU_IN, RU_OUT, RU_VRF, RU_FROM, RU_DEST, RU_PROTOCOL,
 RU_SPORT, RU_DPORT, RU_MARK, RU_FAMILY, RU_ACTION, RU_POOL, RU_REPLY_MARK,
 RU_USERDATA) = range(1, 18)

FL_HOST, FL_DEST = 4, 8

A1 = bytes([198, 51, 100, 1])
A9 = bytes([198, 51, 100, 9])
V6 = bytes([0x20, 0x01, 0x0d, 0xb8]) + bytes(12)


def result(good, what, more=''):
    print('%s %s' % ('ok' if good else 'not ok', what), flush=True)
    if not good and more:
        print('#', more, flush=True)


def refuse(what, err, text=None, want=None):
    good = err not in (None, 'ETIMEDOUT') and (want is None or err in want)
    result(good, '%s: %s' % (what, err or 'accepted'),
           'wanted %s' % (want,) if want else '')
    if good and text is not None:
        result(bool(text), '%s: says why: %s' % (what, text))


def rng(first, last=None, *more):
    return nest(P_RANGE, attr(R_FIRST, first),
                *((attr(R_LAST, last),) if last is not None else ()), *more)


def pool(name, *attrs):
    return nest(nl.POOL, attr(P_NAME, name), *(attrs or (rng(A1),)))


def added(what, *objects, text=True):
    """Each in a transaction of its own: ADD or COMMIT has to refuse."""
    g = nl.Genl()
    cookie = g.begin()
    err = None
    for obj in objects:
        err = g.send(nl.ADD, attr(nl.COOKIE, cookie) + obj)
        if err:
            break
    else:
        err = g.send(nl.COMMIT, attr(nl.COOKIE, cookie) + attr(nl.CHECK))
    refuse(what, err, g.text if text else None)
    g.close()


def order():
    g = nl.Genl()
    bad = struct.pack('=Q', 0x1234567890abcdef)
    refuse('ADD without BEGIN', g.send(nl.ADD, attr(nl.COOKIE, bad) + pool('x')))
    refuse('COMMIT without BEGIN', g.send(nl.COMMIT, attr(nl.COOKIE, bad)))
    refuse('ABORT without BEGIN', g.send(nl.ABORT, attr(nl.COOKIE, bad)))
    cookie = g.begin()
    refuse('a second BEGIN', g.send(nl.BEGIN))
    refuse('ADD with a wrong cookie', g.send(nl.ADD, attr(nl.COOKIE, bad) + pool('x')))
    refuse('ADD without a cookie', g.send(nl.ADD, pool('x')))
    refuse('ADD of nothing', g.send(nl.ADD, attr(nl.COOKIE, cookie)))
    other = nl.Genl()
    refuse('ADD by another socket',
           other.send(nl.ADD, attr(nl.COOKIE, cookie) + pool('x')))
    refuse('COMMIT by another socket', other.send(nl.COMMIT, attr(nl.COOKIE, cookie)))
    refuse('COMMIT for another generation',
           g.send(nl.COMMIT, attr(nl.COOKIE, cookie) + u32(nl.IF_GENERATION, 99999)),
           want=('ESTALE',))
    g.send(nl.ABORT, attr(nl.COOKIE, cookie))
    refuse('COMMIT after ABORT', g.send(nl.COMMIT, attr(nl.COOKIE, cookie)))
    err = g.send(nl.BEGIN)
    result(not err, 'BEGIN after ABORT', err)
    g.close()
    other.close()


def values():
    name = 'x' * 200
    added('a pool without a name', nest(nl.POOL, rng(A1)))
    added('an empty name', pool(''))
    added('a 200-character name', pool(name), text=False)
    added('a name of control characters', pool('a\n\x1bb'))
    added('a name without NUL', nest(nl.POOL, attr(P_NAME, b'x' * 64), rng(A1)), text=False)
    added('an address of 5 bytes', pool('p', rng(A1 + b'\0')), text=False)
    added('an address of 0 bytes', pool('p', rng(b'')), text=False)
    added('a range of two families', pool('p', rng(A1, V6)))
    added('a reversed range', pool('p', rng(A9, A1)))
    added('a state that does not exist', pool('p', rng(A1, A9, u8(R_STATE, 77))), text=False)
    added('an unknown attribute in a pool', pool('p', rng(A1), u32(99, 1)), text=False)
    added('an unknown attribute in a range', pool('p', rng(A1, A9, u32(99, 1))), text=False)
    added('port 0', pool('p', rng(A1), attr(P_PORTS, struct.pack('=HH', 0, 10))))
    added('a reversed port range',
          pool('p', rng(A1), attr(P_PORTS, struct.pack('=HH', 2000, 1000))))
    added('half a port range', pool('p', rng(A1), attr(P_PORTS, b'\1\2\3')), text=False)
    added('no ports at all', pool('p', rng(A1), attr(P_PORTS, b'')), text=False)
    added('overlapping pools', pool('p', rng(A1, A9)), pool('q', rng(A9)))
    added('a pool twice', pool('p'), pool('p', rng(A9)))
    added('overflow into an unknown pool', pool('p', rng(A1), attr(P_OVERFLOW, 'q')))
    added('overflow into itself', pool('p', rng(A1), attr(P_OVERFLOW, 'p')))
    added('an IPv6 host-prefix of 200', pool('p', rng(A1), u8(P_HOST_PREFIX, 200)), text=False)
    added('an alarm at 200 %', pool('p', rng(A1), u8(P_RAISE, 200)), text=False)
    added('too much userdata', pool('p', rng(A1), attr(P_USERDATA, bytes(20000))), text=False)
    added('a role that does not exist',
          nest(nl.SOURCE, attr(SRC_NAME, 's'), u8(SRC_ROLE, 99)), text=False)
    added('a device name too long', nest(nl.SOURCE, attr(SRC_NAME, 's'),
          nest(SRC_DEVICE, attr(1, 'd' * 40))), text=False)
    added('a prefix with ge > le', nest(nl.SOURCE, attr(SRC_NAME, 's'),
          attr(SRC_PREFIX, A1 + bytes(12) + bytes([2, 8, 30, 20]))))
    added('a prefix of no family', nest(nl.SOURCE, attr(SRC_NAME, 's'),
          attr(SRC_PREFIX, A1 + bytes(12) + bytes([77, 8, 8, 20]))))
    added('a prefix of length 200', nest(nl.SOURCE, attr(SRC_NAME, 's'),
          attr(SRC_PREFIX, A1 + bytes(12) + bytes([2, 200, 200, 200]))))
    added('half a metric', nest(nl.SOURCE, attr(SRC_NAME, 's'), attr(SRC_METRIC, b'123')),
          text=False)
    added('a rule without an action', nest(nl.RULE, attr(RU_NAME, 'r')))
    added('snat without a pool', nest(nl.RULE, attr(RU_NAME, 'r'), u8(RU_ACTION, 1)))
    added('an unknown pool', nest(nl.RULE, attr(RU_NAME, 'r'), u8(RU_ACTION, 1),
          attr(RU_POOL, 'nosuch')))
    added('an action that does not exist',
          nest(nl.RULE, attr(RU_NAME, 'r'), u8(RU_ACTION, 99)), text=False)
    added('a mark beyond its mask', nest(nl.RULE, attr(RU_NAME, 'r'), u8(RU_ACTION, 3),
          attr(RU_MARK, struct.pack('=II', 0xff, 0x1))))
    added('a family that does not exist', nest(nl.RULE, attr(RU_NAME, 'r'), u8(RU_ACTION, 3),
          u8(RU_FAMILY, 99)), text=False)
    added('an unknown route source', nest(nl.RULE, attr(RU_NAME, 'r'), u8(RU_ACTION, 3),
          nest(RU_TO, attr(1, 'nosuch'))))
    added('an unknown set', nest(nl.RULE, attr(RU_NAME, 'r'), u8(RU_ACTION, 3),
          nest(RU_FROM, attr(2, 'nosuch'))))
    added('CONTINUE of nothing', attr(nl.CONTINUE) + pool('p'))
    added('two objects in one message', pool('p') + pool('q', rng(A9)))
    g = nl.Genl()
    refuse('an unknown command', g.send(77))
    refuse('an unknown attribute', g.send(nl.GET_STATUS, u32(77, 1)))
    refuse('an attribute of another command', g.send(nl.GET_STATUS, pool('p')))
    refuse('explain of nothing', g.send(nl.EXPLAIN))
    refuse('explain of two families', g.send(nl.EXPLAIN, nest(
        nl.FLOW, attr(1, A1), attr(2, V6))))
    refuse('explain with an unknown device', g.send(nl.EXPLAIN, nest(
        nl.FLOW, attr(1, A1), attr(2, A9), attr(3, 'nosuchdevice'))))
    refuse('a filter that is no filter', g.send(
        nl.GET_SESSION, nest(nl.FILTER, u32(77, 1)), nl.REQUEST | nl.DUMP))
    for cmd in (nl.GET_HOST, nl.GET_DEST):
        refuse('a filter that is no filter (%d)' % cmd, g.send(
            cmd, nest(nl.FILTER, u32(77, 1)), nl.REQUEST | nl.DUMP))
    refuse('hosts by a destination', g.send(nl.GET_HOST, nest(
        nl.FILTER, nest(FL_DEST, attr(1, A1), attr(2, A9))), nl.REQUEST | nl.DUMP))
    refuse('destinations by a host', g.send(nl.GET_DEST, nest(
        nl.FILTER, nest(FL_HOST, attr(1, A1), attr(2, A9))), nl.REQUEST | nl.DUMP))
    refuse('a filter by a reversed range', g.send(nl.GET_HOST, nest(
        nl.FILTER, nest(FL_HOST, attr(1, A9), attr(2, A1))), nl.REQUEST | nl.DUMP))
    refuse('clear of nothing', g.send(nl.CLEAR_SESSION))
    refuse('clear by an empty filter', g.send(nl.CLEAR_SESSION, nest(nl.FILTER)))
    refuse('clear of all and of some', g.send(nl.CLEAR_SESSION, attr(nl.ALL) + nest(
        nl.FILTER, attr(1, 'p'))))
    refuse('events of a pool', g.send(nl.GET_EVENT, attr(nl.NAME, 'p'),
                                      nl.REQUEST | nl.DUMP))
    refuse('adopt with an attribute', g.send(nl.ADOPT, attr(nl.ALL)))
    refuse('what the kernel alone sends', g.send(nl.EVENT))
    refuse('a dump of what is not dumped', g.send(nl.BEGIN, b'', nl.REQUEST | nl.DUMP))
    g.close()


def cap():
    socks = [nl.Genl() for _ in range(12)]
    errs = [g.send(nl.BEGIN) for g in socks]
    result(errs.count(None) == 8, 'open transactions are capped',
           ' '.join(map(str, errs)))
    for g in socks:
        g.close()
    g = nl.Genl()
    err = nl.retry(lambda: g.send(nl.BEGIN))
    result(not err, 'and forgotten with their sockets', err)
    g.close()


def noise(count):
    """Valid messages with bits turned, cut short, or too long; never waited for
    longer than their acknowledgement."""
    seed = int(os.environ.get('SEED', '4096'))
    rnd = random.Random(seed)
    g = nl.Genl(timeout=5)
    cookie = g.begin()
    good = [
        attr(nl.COOKIE, cookie) + pool('p', rng(A1, A9), attr(P_PORTS, struct.pack('=HH', 1, 9))),
        attr(nl.COOKIE, cookie) + nest(nl.SET, attr(S_NAME, 's'), rng(A1, A9)),
        attr(nl.COOKIE, cookie) + nest(
            nl.SOURCE, attr(SRC_NAME, 's'), u8(SRC_ROLE, 1), u32(SRC_TABLE, 254),
            nest(SRC_DEVICE, attr(1, 'er0')), nest(SRC_VIA, nest(1, attr(1, A1))),
            attr(SRC_PREFIX, A1 + bytes(12) + bytes([2, 32, 32, 32]))),
        attr(nl.COOKIE, cookie) + nest(
            nl.RULE, attr(RU_NAME, 'r'), u8(RU_ACTION, 1), attr(RU_POOL, 'p'),
            nest(RU_TO, attr(1, 's')), nest(RU_FROM, nest(1, attr(1, A1), attr(2, A9))),
            attr(RU_MARK, struct.pack('=II', 1, 1))),
        nest(nl.FLOW, attr(1, A1), attr(2, A9), u8(4, 6)),
        nest(nl.FILTER, attr(1, 'p'), nest(FL_HOST, attr(1, A1), attr(2, A9))),
    ]
    dumps = (nl.GET_SESSION, nl.GET_HOST, nl.GET_DEST, nl.GET_EVENT, nl.GET_POOL,
             nl.GET_CONFIG)
    lost = 0
    for i in range(count):
        data = bytearray(rnd.choice(good))
        for _ in range(rnd.randrange(1, 5)):
            at = rnd.randrange(len(data))
            data[at] = rnd.choice((0, 1, 0xff, rnd.randrange(256), data[at] ^ 1 << rnd.randrange(8)))
        if rnd.randrange(4) == 0:
            data = data[:rnd.randrange(len(data))]
        # BEGIN aside, so that the transaction stays; no FLUSH, no COMMIT.
        cmd = rnd.choice((nl.ADD, nl.ADD, nl.ADD, nl.ADD, nl.EXPLAIN, nl.CLEAR_SESSION,
                          nl.ADOPT, nl.GET_STATUS, rnd.randrange(nl.EVENT, 256)) + dumps)
        dump = cmd in dumps
        err = g.send(cmd, bytes(data), nl.REQUEST | (nl.DUMP if dump else nl.ACK))
        if err == 'ETIMEDOUT':
            lost += 1
    result(lost == 0, '%d messages of noise (seed %d): each is answered' % (count, seed),
           '%d without an answer' % lost)
    g.send(nl.COMMIT, attr(nl.COOKIE, cookie) + attr(nl.CHECK))
    g.raw(struct.pack('=IHHII', 1 << 20, g.family, 5, 1, 0))
    g.raw(b'\xff' * 40)
    g.raw(g.message(nl.ADD)[:18])
    err = g.send(nl.GET_STATUS)
    result(not err, 'after that it answers', err)
    g.close()


order()
values()
cap()
noise(int(sys.argv[1]))
