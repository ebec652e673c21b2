#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Objects that no message can hold: added in parts, read back in parts that are
added again as they are. Prints TAP lines; see big-objects.sh."""
import struct
import sys

import nl
from nl import attr, nest, u8

N = int(sys.argv[1])
PART = 1500


def result(good, what, more=''):
    print('%s %s' % ('ok' if good else 'not ok', what), flush=True)
    if not good and more != '':
        print('#', more, flush=True)


def ip(n):
    return struct.pack('>I', n)


def rng(kind, first, last=None, *more):
    return nest(kind, attr(1, ip(first)), *([attr(2, ip(last))] if last else []), *more)


def parts(kind, name, ranges, *more):
    """The ADDs of a set or pool."""
    for i in range(0, len(ranges), PART):
        yield (attr(nl.CONTINUE) if i else b'') + nest(
            kind, attr(name[0], name[1]), *(() if i else more), *ranges[i:i + PART])


def add(g, cookie, objects):
    for o in objects:
        err = g.send(nl.ADD, attr(nl.COOKIE, cookie) + o)
        if err:
            return '%s: %s' % (err, g.text)
    return None


def dump(g, cmd=nl.GET_CONFIG):
    err = g.send(cmd, b'', nl.REQUEST | nl.DUMP)
    if err:
        raise OSError(err)
    return g.replies


def commit(g, cookie, *more):
    err = g.send(nl.COMMIT, attr(nl.COOKIE, cookie) + b''.join(more))
    return err and '%s: %s' % (err, g.text)


def try_all(g, objects, *more):
    cookie = g.begin()
    err = add(g, cookie, objects)
    if err:
        g.send(nl.ABORT, attr(nl.COOKIE, cookie))
    return err or commit(g, cookie, *more)


g = nl.Genl(timeout=120)
base = 0x0b000000
pool_ranges = [rng(3, base + 4 * i, base + 4 * i + 2, *([u8(4, 2)] if i % 7 == 0 else []))
               for i in range(N)]
pool_ranges.append(rng(3, base + 4, None, attr(3)))
set_ranges = [rng(2, 0x0a000000 + 4 * i, 0x0a000000 + 4 * i + 1) for i in range(N)]
objects = [nest(nl.SETTINGS, attr(1, 'a'), attr(2, '/etc/ernat/ernat.conf'),
                attr(3, bytes(range(32))))]
objects += list(parts(nl.SET, (1, 'big'), set_ranges))
objects += list(parts(nl.POOL, (2, 'big'), pool_ranges, attr(12, b'user data' * 100)))
objects += [nest(nl.POOL, attr(2, 'small'), rng(3, 0x0c000001), attr(5, 'big'))]
objects += [nest(nl.SOURCE, attr(1, 's'), nest(6, attr(1, 'lo')))]
objects += [nest(nl.RULE, attr(1, 'r'), nest(2, attr(1, 's'), attr(2)),
                 nest(7, attr(2, 'big'), rng(1, 0x0a000001, None, attr(3))),
                 u8(14, 1), attr(15, 'small'))]
err = try_all(g, objects)
result(not err, '%d ranges in parts' % N, err)
first = dump(g)
longest = max(map(len, first))
result(longest < 32 * 1024, 'no message of a dump is longer than 32 KiB: %d' % longest)
result(len(first) > 2 * 3 + 4, 'what is read back comes in parts: %d messages' % len(first))
err = try_all(g, first, attr(nl.CHECK))
result(not err, 'they are good as they are', err)
err = try_all(g, first)
result(not err, 'and apply', err)
result(dump(g) == first, 'and are read back identical')
usage = dump(g, nl.GET_POOL)
big = [nl.attrs(m) for m in usage]
continued = sum(nl.CONTINUE in a for a in big)


def count(data, want):
    c = 0
    while len(data) >= 4:
        size, kind = struct.unpack_from('=HH', data)
        c += kind & 0x3fff == want
        data = data[(size + 3) & ~3:]
    return c


result(sum(count(a[nl.POOL_USAGE], 3) for a in big) == N + 1,
       'usage lists all ranges, in %d messages more' % continued)

# Overlaps and excepts that come in another part
over = list(parts(nl.POOL, (2, 'a'), pool_ranges))
err = try_all(g, over + [nest(nl.POOL, attr(2, 'b'), rng(3, base + 4 * N - 4))])
result(err and 'overlaps pool "a" at 11.' in err, 'an overlap with a pool of many parts', err)
err = try_all(g, [nest(nl.POOL, attr(2, 'b'), rng(3, base + 8))] + over)
result(err and 'overlaps' in err, 'the other way round', err)
more = attr(nl.CONTINUE) + nest(nl.POOL, attr(2, 'a'), rng(3, base + 8, base + 10, attr(3)))
err = try_all(g, [nest(nl.POOL, attr(2, 'b'), rng(3, base + 8))] + over + [more],
              attr(nl.CHECK))
result(not err, 'an exception in a last part is heard', err)
err = try_all(g, over[:1] + over[:1])
result(err and 'is there twice' in err, 'the same name without CONTINUE is another object', err)
err = try_all(g, over[:1] + [nest(nl.POOL, attr(2, 'c'), rng(3, 0x0c000001)), more])
result(err and 'added last' in err, 'only what was added last is continued', err)
err = try_all(g, over[:1] + [attr(nl.CONTINUE) + nest(nl.POOL, attr(2, 'a'), attr(5, 'a'))])
result(err and 'only ranges' in err, 'and only ranges', err)
own = [nest(nl.POOL, attr(2, 'a'), rng(3, base, base + 9), rng(3, base + 9, base + 20))]
err = try_all(g, own)
result(err and 'overlaps itself at 11.0.0.9' in err, 'ranges of one pool that meet', err)
own[0] = nest(nl.POOL, attr(2, 'a'), rng(3, base, base + 9), rng(3, base + 9, base + 20),
              rng(3, base + 9, None, attr(3)))
err = try_all(g, own, attr(nl.CHECK))
result(not err, 'not where they meet in an exception', err)
result(dump(g) == first, 'the ruleset is as it was')

# More ranges than may be
cookie = g.begin()
err = None
part = [rng(2, 0x0a000000 + i) for i in range(4000)]
for i in range(70):
    err = g.send(nl.ADD, attr(nl.COOKIE, cookie) + (attr(nl.CONTINUE) if i else b'') +
                 nest(nl.SET, attr(1, 'x'), *part))
    if err:
        break
result(err == 'E2BIG' and i == 65, 'ranges are capped: %s after %d' % (err, i * 4000), g.text)
err = g.send(nl.ADD, attr(nl.COOKIE, cookie) + nest(nl.SET, attr(1, 'y')))
result(err == 'ECANCELED', 'after that nothing is taken: %s' % err)
err = g.send(nl.COMMIT, attr(nl.COOKIE, cookie))
result(err == 'EINVAL', 'and no COMMIT: %s: %s' % (err, g.text))
g.close()
