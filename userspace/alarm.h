/* SPDX-License-Identifier: GPL-2.0-or-later */
/* alarm: how full something is, in words. */
#ifndef _ERNAT_ALARM_H
#define _ERNAT_ALARM_H

#include <stdint.h>
#include <libmnl/libmnl.h>

#include "text.h"

/* "pool msft: 52.96.0.1:443 tcp uses 51610 of 64512 ports (80%)"; @addr NULL: the pool alone */
void alarm_pool(struct text *t, const char *pool, const struct nlattr *addr, uint16_t port,
		uint8_t protocol, uint64_t used, uint64_t ports);

/* "pool msft: host 10.1.0.10 has 13108 of 16384 sessions (80%)"; @addr NULL: some that have no name */
void alarm_host(struct text *t, const char *pool, const struct nlattr *addr, uint8_t prefix_len,
		uint16_t zone, uint64_t sessions, uint64_t limit);

/* "conntrack table: 209715 of 262144 entries (80%)" */
void alarm_conntrack(struct text *t, uint64_t count, uint64_t max);

/*
 * "host 10.1.0.10", and its conntrack zone if that is not 0; @prefix_len 0, or the address's
 * whole length: it is one host
 */
void alarm_host_addr(struct text *t, const struct nlattr *addr, uint8_t prefix_len, uint16_t zone);

#endif /* _ERNAT_ALARM_H */
