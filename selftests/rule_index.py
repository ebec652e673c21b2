#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Random rulesets and packets: what EXPLAIN decides against a model of the rules,
tried one after the other. Usage: rule_index.py ROUNDS; see rule-index.sh."""
import ipaddress
import os
import random
import struct
import sys

import nl
from nl import attr, nest, u8, u32

SEED = int(os.environ.get('SEED', '77'))
rnd = random.Random(SEED)
DEVICES = ['d0', 'd1', 'd2', 'd3']
# as rule-index.sh routes them
ROUTES = [('10.0.0.0/8', 'd0'), ('172.16.0.0/12', 'd1'), ('198.18.0.0/15', 'd2'),
          ('0.0.0.0/0', 'd3'),
          ('fd00::/16', 'd0'), ('fd01::/16', 'd1'), ('2001:db8::/32', 'd2'), ('::/0', 'd3')]
ROUTES = [(ipaddress.ip_network(p), d) for p, d in ROUTES]
BASES = ['10.1.0.0', '10.1.2.0', '172.16.5.0', '198.18.0.0', '192.0.2.0',
         'fd00::', 'fd01::100', '2001:db8::', '2001:db8:1::', '2400::']
BASES = [ipaddress.ip_address(b) for b in BASES]
PROTOCOLS = [1, 6, 17, 58, 50]
POOL4, POOL6 = '203.0.113.0', '2001:db8:ffff::'


def address(family=None):
    base = rnd.choice([b for b in BASES if family in (None, b.version)])
    return base + rnd.choice((0, 1, 5, rnd.randrange(64), rnd.randrange(1024)))


def rng(kind, first, last, *more):
    return nest(kind, attr(1, first.packed), attr(2, last.packed), *more)


class Ranges:
    def __init__(self, n):
        self.v = []
        for i in range(n):
            first = address()
            size = rnd.choice((0, 1, 7, 31, 255, 700))
            self.v.append((first, first + size, i > 0 and rnd.randrange(4) == 0))

    def put(self, kind):
        return b''.join(rng(kind, f, l, *((attr(3),) if e else ())) for f, l, e in self.v)

    def has(self, a, excepts=False):
        return any(e == excepts and f.version == a.version and f <= a <= l
                   for f, l, e in self.v)


class Match:
    def __init__(self, sets, local=False):
        self.sets = rnd.sample(sets, rnd.choice((0, 0, 1, 2)))
        self.ranges = Ranges(rnd.choice((1, 1, 2, 5)))
        self.local = local and rnd.randrange(8) == 0

    def put(self, kind):
        return nest(kind, self.ranges.put(1),
                    *(attr(2, name) for name, _ in self.sets),
                    *((attr(3),) if self.local else ()))

    def has(self, a):
        if self.ranges.has(a, True):
            return False
        return self.ranges.has(a) or any(r.has(a) and not r.has(a, True)
                                         for _, r in self.sets)


def some(values, most=2):
    return rnd.sample(values, rnd.randrange(1, most + 1))


def names(kind, values):
    return nest(kind, *(attr(1, v) for v in values if v), *((attr(2),) if '' in values else ()))


class Rule:
    KEYS = ('to', 'ret', 'in', 'out', 'from', 'dest', 'protocol', 'dport', 'mark', 'family')

    def __init__(self, name, sets, sources, only):
        self.name = name
        self.key = {}
        for key in self.KEYS if not only else (only,):
            if not only and rnd.randrange(3):
                continue
            self.key[key] = {
                'to': lambda: some(sources + ['']),
                'ret': lambda: some(sources + ['']),
                'in': lambda: some(DEVICES + ['d*', 'x*', 'gone']),
                'out': lambda: some(DEVICES + ['d*', 'x*', 'gone']),
                'from': lambda: Match(sets, True),
                'dest': lambda: Match(sets),
                'protocol': lambda: some(PROTOCOLS),
                'dport': lambda: [(p, p + rnd.choice((0, 10))) for p in some([53, 80, 443])],
                'mark': lambda: rnd.choice(((1, 1), (0, 1), (2, 3))),
                'family': lambda: rnd.choice((2, 10)),
            }[key]()

    def put(self):
        k = self.key
        out = attr(1, self.name) + u8(14, 3)
        if 'to' in k:
            out += names(2, k['to'])
        if 'ret' in k:
            out += names(3, k['ret'])
        if 'in' in k:
            out += names(4, k['in'])
        if 'out' in k:
            out += names(5, k['out'])
        if 'from' in k:
            out += k['from'].put(7)
        if 'dest' in k:
            out += k['dest'].put(8)
        if 'protocol' in k:
            out += attr(9, bytes(k['protocol']))
        if 'dport' in k:
            out += attr(11, b''.join(struct.pack('=HH', *r) for r in k['dport']))
        if 'mark' in k:
            out += attr(12, struct.pack('=II', *k['mark']))
        if 'family' in k:
            out += u8(13, k['family'])
        return nest(nl.RULE, out)

    def families(self):
        """Those that the rule speaks of: no rule that can never match is sent."""
        out = {4, 6}
        if 'family' in self.key:
            out &= {4} if self.key['family'] == 2 else {6}
        for key in ('from', 'dest'):
            m = self.key.get(key)
            if m and not m.local:
                has = {f.version for f, l, e in m.ranges.v if not e}
                for _, r in m.sets:
                    has |= {f.version for f, l, e in r.v if not e}
                out &= has
        return out

    def matches(self, p):
        k = self.key
        dev = lambda names, d: any(n == d or n[-1] == '*' and d.startswith(n[:-1])
                                   for n in names)
        return (('family' not in k or (k['family'] == 2) == (p.src.version == 4)) and
                ('protocol' not in k or p.protocol in k['protocol']) and
                ('dport' not in k or p.protocol in (6, 17) and
                 any(a <= p.dport <= b for a, b in k['dport'])) and
                ('mark' not in k or p.mark & k['mark'][1] == k['mark'][0]) and
                ('in' not in k or dev(k['in'], p.dev)) and
                ('out' not in k or dev(k['out'], p.out)) and
                ('from' not in k or k['from'].has(p.src)) and
                ('dest' not in k or k['dest'].has(p.dst)) and
                ('to' not in k or p.to in k['to']) and
                ('ret' not in k or p.back in k['ret']))


def route(a):
    return max((n.prefixlen, d) for n, d in ROUTES if a.version == n.version and a in n)[1]


class Packet:
    def __init__(self, sources):
        self.src = address()
        self.dst = address(self.src.version)
        self.protocol = rnd.choice([p for p in PROTOCOLS
                                    if p != (58 if self.src.version == 4 else 1)])
        self.dport = rnd.choice((53, 60, 80, 443, 450, 9))
        self.mark = rnd.randrange(4)
        self.dev = rnd.choice(DEVICES)
        self.out = route(self.dst)
        source = lambda d: 's' + d if 's' + d in sources else ''
        self.to, self.back = source(self.out), source(route(self.src))

    def put(self):
        return nest(nl.FLOW, attr(1, self.src.packed), attr(2, self.dst.packed),
                    attr(3, self.dev), u8(4, self.protocol),
                    attr(6, struct.pack('=H', self.dport)), u32(7, self.mark))

    def __str__(self):
        return '%s > %s proto %d dport %d mark %d in %s out %s to %r back %r' % (
            self.src, self.dst, self.protocol, self.dport, self.mark, self.dev, self.out,
            self.to, self.back)


def load(g, sets, sources, rules):
    cookie = g.begin()
    objects = [nest(nl.SET, attr(1, n) + r.put(2)) for n, r in sets]
    objects += [nest(nl.SOURCE, attr(1, s) + names(6, [s[1:]])) for s in sources]
    objects += [r.put() for r in rules]
    for o in objects:
        err = g.send(nl.ADD, attr(nl.COOKIE, cookie) + o)
        if err:
            text = 'ADD: %s: %s' % (err, g.text)
            g.send(nl.ABORT, attr(nl.COOKIE, cookie))
            return text
    err = g.send(nl.COMMIT, attr(nl.COOKIE, cookie))
    if err:
        return 'COMMIT: %s: %s' % (err, g.text)
    return None


def repeated(data, kind):
    while len(data) >= 4:
        size, k = struct.unpack_from('=HH', data)
        if k & 0x3fff == kind:
            yield data[4:size]
        data = data[(size + 3) & ~3:]


def explained(g, p):
    err = g.send(nl.EXPLAIN, p.put())
    if err:
        return 'error %s: %s' % (err, g.text), []
    d = nl.attrs(nl.attrs(g.replies[0])[nl.DECISION])
    steps = [(nl.attrs(s)[1].rstrip(b'\0').decode(), nl.attrs(s)[2][0])
             for s in repeated(nl.attrs(g.replies[0])[nl.DECISION], 6)]
    if d[1][0]:
        return 'skip %d' % d[1][0], steps
    return d[7].rstrip(b'\0').decode() if 7 in d else None, steps


def main(rounds):
    g = nl.Genl()
    bad = asked = 0
    for i in range(rounds):
        sets = [('set%d' % n, Ranges(rnd.choice((1, 3, 20)))) for n in range(4)]
        sources = some(['s' + d for d in DEVICES], 3)
        sources.sort()
        only = rnd.choice((None, None, 'from', 'dest', 'to', 'in', 'out'))
        rules = []
        while len(rules) < rnd.choice((1, 5, 30, 60)):
            r = Rule('r%d' % len(rules), sets, sources, only)
            if r.families():
                rules.append(r)
        err = load(g, sets, sources, rules)
        if err:
            # Excepts may leave nothing that could match: also an answer.
            if 'can never match' not in err:
                raise OSError(err)
            continue
        for _ in range(20):
            p = Packet(sources)
            want = next((r.name for r in rules if r.matches(p)), None)
            got, steps = explained(g, p)
            asked += 1
            hit = [name for name, key in steps if not key]
            if got != want or hit != ([want] if want else []):
                bad += 1
                print('# round %d: %s: got %s, wanted %s, steps %s' %
                      (i, p, got, want, hit))
                if bad > 5:
                    break
    print('%s %d packets in %d rulesets (seed %d): the first rule that matches' % (
        'not ok' if bad else 'ok', asked, rounds, SEED))
    return bad


sys.exit(bool(main(int(sys.argv[1]))))
