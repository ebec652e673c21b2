// SPDX-License-Identifier: GPL-2.0-or-later
#include "alarm.h"
#include "names.h"
#include "print.h"

/* " 12 of 15 ports (80%)"; never 100% while one is left */
static void share(struct text *t, uint64_t part, uint64_t whole, const char *what)
{
	text_printf(t, " %llu of %llu %s", (unsigned long long)part, (unsigned long long)whole,
		    what);
	if (whole)
		text_printf(t, " (%llu%%)", (unsigned long long)percent(part, whole));
}

void alarm_pool(struct text *t, const char *pool, const struct nlattr *addr, uint16_t port,
		uint8_t protocol, uint64_t used, uint64_t ports)
{
	char buf[PRINT_ADDR];

	text_puts(t, "pool ");
	text_name(t, pool);
	if (!addr)
		return;
	text_printf(t, ": %s %s uses", print_addr_port(addr, port, buf),
		    ip_protocol_name(protocol));
	share(t, used, ports, "ports");
}

void alarm_host_addr(struct text *t, const struct nlattr *addr, uint8_t prefix_len, uint16_t zone)
{
	char buf[PRINT_ADDR];

	text_printf(t, "host %s", print_addr(addr, buf));
	if (prefix_len && prefix_len < 8 * mnl_attr_get_payload_len(addr))
		text_printf(t, "/%u", prefix_len);
	if (zone)
		text_printf(t, " zone %u", zone);
}

void alarm_host(struct text *t, const char *pool, const struct nlattr *addr, uint8_t prefix_len,
		uint16_t zone, uint64_t sessions, uint64_t limit)
{
	text_puts(t, "pool ");
	text_name(t, pool);
	text_puts(t, ": ");
	if (!addr) {
		text_puts(t, "hosts near their limit");
		return;
	}
	alarm_host_addr(t, addr, prefix_len, zone);
	text_puts(t, " has");
	share(t, sessions, limit, "sessions");
}

void alarm_conntrack(struct text *t, uint64_t count, uint64_t max)
{
	text_puts(t, "conntrack table:");
	share(t, count, max, "entries");
}
