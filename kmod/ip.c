// SPDX-License-Identifier: GPL-2.0
#include <linux/kernel.h>
#include <linux/string.h>

#include "ip.h"

struct ernat_ip ernat_ip_from(const union nf_inet_addr *addr, u8 family)
{
	struct ernat_ip ip = {};

	if (family == NFPROTO_IPV6) {
		ip.hi = (u64)ntohl(addr->ip6[0]) << 32 | ntohl(addr->ip6[1]);
		ip.lo = (u64)ntohl(addr->ip6[2]) << 32 | ntohl(addr->ip6[3]);
	} else {
		ip.lo = ntohl(addr->ip);
	}
	return ip;
}

void ernat_ip_to(struct ernat_ip ip, u8 family, union nf_inet_addr *addr)
{
	memset(addr, 0, sizeof(*addr));
	if (family == NFPROTO_IPV6) {
		addr->ip6[0] = htonl(ip.hi >> 32);
		addr->ip6[1] = htonl(ip.hi);
		addr->ip6[2] = htonl(ip.lo >> 32);
		addr->ip6[3] = htonl(ip.lo);
	} else {
		addr->ip = htonl(ip.lo);
	}
}

const char *ernat_ip_text(char *text, u8 family, struct ernat_ip ip)
{
	union nf_inet_addr addr;

	ernat_ip_to(ip, family, &addr);
	if (family == NFPROTO_IPV6)
		snprintf(text, ERNAT_IP_TEXT, "%pI6c", &addr.in6);
	else
		snprintf(text, ERNAT_IP_TEXT, "%pI4", &addr.ip);
	return text;
}
