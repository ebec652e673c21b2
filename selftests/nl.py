# SPDX-License-Identifier: GPL-2.0
"""A raw generic-netlink client for tests that the command would not send."""
import errno
import os
import socket
import struct
import time

REQUEST, ACK, ROOT, MATCH = 1, 4, 0x100, 0x200
DUMP = ROOT | MATCH
(GET_STATUS, BEGIN, ADD, COMMIT, ABORT, FLUSH, GET_CONFIG, GET_POOL, GET_SOURCE,
 GET_RULE, GET_SESSION, GET_STATS, EXPLAIN, CLEAR_SESSION, GET_HOST, GET_DEST, ADOPT,
 GET_EVENT, EVENT) = COMMANDS = range(1, 20)
(PAD, COOKIE, CHECK, FORCE, CONTINUE, GENERATION, IF_GENERATION, NAME, SET, POOL,
 SOURCE, RULE, SETTINGS, STATUS, POOL_USAGE, SOURCE_USAGE, RULE_USAGE, FILTER,
 SESSION, STATS, FLOW, DECISION, ALL) = range(1, 24)
NESTED = 0x8000
CTRL = 0x10
NETLINK_ADD_MEMBERSHIP, NETLINK_EXT_ACK, NETLINK_GET_STRICT_CHK = 1, 11, 12


def attr(kind, data=b''):
    if isinstance(data, str):
        data = data.encode() + b'\0'
    size = 4 + len(data)
    return struct.pack('=HH', size, kind) + data + bytes(-size % 4)


def nest(kind, *attrs):
    return attr(kind | NESTED, b''.join(attrs))


def u8(kind, n):
    return attr(kind, struct.pack('=B', n))


def u32(kind, n):
    return attr(kind, struct.pack('=I', n))


def u64(kind, n):
    return attr(kind, struct.pack('=Q', n))


def attrs(data):
    out = {}
    while len(data) >= 4:
        size, kind = struct.unpack_from('=HH', data)
        if size < 4:
            break
        out.setdefault(kind & 0x3fff, data[4:size])
        data = data[(size + 3) & ~3:]
    return out


def retry(what, seconds=5):
    """A closed socket's transaction goes when the kernel hears of it."""
    end = time.time() + seconds
    while True:
        err = what()
        if not err or time.time() > end:
            return err
        time.sleep(0.1)


class Genl:
    def __init__(self, timeout=20):
        self.s = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 16)
        self.s.settimeout(timeout)
        self.s.setsockopt(270, NETLINK_EXT_ACK, 1)
        self.s.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 20)
        self.s.bind((0, 0))
        self.seq = 0
        self.family = CTRL
        self.text = ''
        self.replies = []
        err = self.send(3, attr(2, 'ernat'), REQUEST | ACK, version=1)
        if err:
            raise OSError(err)
        reply = attrs(self.replies[0])
        self.family = struct.unpack('=H', reply[1])[0]
        self.groups = [struct.unpack('=I', attrs(group)[2])[0]
                       for group in attrs(reply[7]).values()]

    def join(self, group):
        """The error's name, or None."""
        try:
            self.s.setsockopt(270, NETLINK_ADD_MEMBERSHIP, group)
        except OSError as err:
            return errno.errorcode[err.errno]

    def close(self):
        self.s.close()

    def raw(self, data):
        self.s.send(data)

    def message(self, cmd, payload=b'', flags=REQUEST | ACK, version=1):
        self.seq += 1
        body = struct.pack('=BBH', cmd, version, 0) + payload
        return struct.pack('=IHHII', 16 + len(body), self.family, flags, self.seq,
                           0) + body

    def send(self, cmd, payload=b'', flags=REQUEST | ACK, version=1):
        """The error's name, or None; replies and extack text are kept."""
        try:
            self.raw(self.message(cmd, payload, flags, version))
        except OSError as err:
            return errno.errorcode[err.errno]
        return self.answer()

    def answer(self):
        self.replies, self.text = [], ''
        while True:
            try:
                data = self.s.recv(1 << 20)
            except OSError:
                return 'ETIMEDOUT'
            while len(data) >= 16:
                size, kind, flags, seq, _ = struct.unpack_from('=IHHII', data)
                body, data = data[16:size], data[(size + 3) & ~3:]
                if seq != self.seq:
                    continue
                if kind == 2 or kind == 3:
                    err = -struct.unpack_from('=i', body)[0] if len(body) >= 4 else 0
                    if kind == 2 and flags & 0x200:
                        skip = 4 + 16
                        if not flags & 0x100:
                            skip = 4 + ((struct.unpack_from('=I', body, 4)[0] + 3) & ~3)
                        text = attrs(body[skip:]).get(1, b'')
                        self.text = text.rstrip(b'\0').decode(errors='replace')
                    return errno.errorcode.get(err, str(err)) if err else None
                self.replies.append(body[4:])

    def begin(self):
        err = self.send(BEGIN)
        if err:
            raise OSError(err)
        return attrs(self.replies[0])[COOKIE]
