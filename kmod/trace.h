/* SPDX-License-Identifier: GPL-2.0 */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM ernat

#if !defined(_ERNAT_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define _ERNAT_TRACE_H

#include <linux/tracepoint.h>
#include <net/ipv6.h>
#include <net/netfilter/nf_conntrack_zones.h>
#include "compat.h"
#include "session.h"

/* IPv4 addresses are shown mapped into IPv6 (::ffff:a.b.c.d). */
#define ERNAT_TRACE_ADDR(dst, addr, v4) do {				\
	struct in6_addr *__d = (struct in6_addr *)(dst);		\
	if (v4)								\
		ipv6_addr_set_v4mapped((addr)->ip, __d);		\
	else								\
		*__d = (addr)->in6;					\
} while (0)

DECLARE_EVENT_CLASS(ernat_session,
	TP_PROTO(const struct ernat_session *s),
	TP_ARGS(s),
	TP_STRUCT__entry(
		__string(pool, ernat_session_pool(s)->name)
		__string(rule, s->rule->name)
		__string(source, s->source ? s->source->name : "")
		__field(u8, protocol)
		__array(u8, saddr, 16)
		__array(u8, mapped, 16)
		__array(u8, daddr, 16)
		__field(u16, sport)
		__field(u16, port)
		__field(u16, dport)
		__field(u16, zone)
	),
	TP_fast_assign(
		const struct nf_conntrack_tuple *t =
			&ernat_session_ct(s)->tuplehash[IP_CT_DIR_ORIGINAL].tuple;
		const struct ernat_port_key *key =
			ernat_port_block_key(s->map.hold.block);
		bool v4 = t->src.l3num == NFPROTO_IPV4;

		ernat_assign_str(pool, ernat_session_pool(s)->name);
		ernat_assign_str(rule, s->rule->name);
		ernat_assign_str(source, s->source ? s->source->name : "");
		__entry->protocol = t->dst.protonum;
		ERNAT_TRACE_ADDR(__entry->saddr, &t->src.u3, v4);
		ERNAT_TRACE_ADDR(__entry->mapped, &key->addr, v4);
		ERNAT_TRACE_ADDR(__entry->daddr, &key->dest.addr, v4);
		__entry->sport = ntohs(t->src.u.all);
		__entry->port = s->map.hold.port;
		__entry->dport = key->dest.port;
		__entry->zone = nf_ct_zone(ernat_session_ct(s))->id;
	),
	TP_printk("pool=%s rule=%s source=%s protocol=%u host=[%pI6c]:%u mapped=[%pI6c]:%u dest=[%pI6c]:%u zone=%u",
		  __get_str(pool), __get_str(rule), __get_str(source),
		  __entry->protocol, __entry->saddr, __entry->sport,
		  __entry->mapped, __entry->port, __entry->daddr,
		  __entry->dport, __entry->zone)
);

DEFINE_EVENT(ernat_session, ernat_session_new,
	TP_PROTO(const struct ernat_session *s),
	TP_ARGS(s)
);

DEFINE_EVENT(ernat_session, ernat_session_end,
	TP_PROTO(const struct ernat_session *s),
	TP_ARGS(s)
);

TRACE_EVENT(ernat_failure,
	TP_PROTO(const char *pool, const char *rule,
		 const struct ernat_pool_request *req, int err),
	TP_ARGS(pool, rule, req, err),
	TP_STRUCT__entry(
		__string(pool, pool)
		__string(rule, rule)
		__field(u8, protocol)
		__array(u8, saddr, 16)
		__array(u8, daddr, 16)
		__field(u16, dport)
		__field(u16, zone)
		__field(int, err)
	),
	TP_fast_assign(
		bool v4 = req->family == NFPROTO_IPV4;

		ernat_assign_str(pool, pool);
		ernat_assign_str(rule, rule);
		__entry->protocol = req->dest.protocol;
		ERNAT_TRACE_ADDR(__entry->saddr, &req->host, v4);
		ERNAT_TRACE_ADDR(__entry->daddr, &req->dest.addr, v4);
		__entry->dport = req->dest.port;
		__entry->zone = req->zone;
		__entry->err = err;
	),
	TP_printk("pool=%s rule=%s protocol=%u host=[%pI6c] dest=[%pI6c]:%u zone=%u error=%d",
		  __get_str(pool), __get_str(rule), __entry->protocol,
		  __entry->saddr, __entry->daddr, __entry->dport,
		  __entry->zone, __entry->err)
);

#endif /* _ERNAT_TRACE_H */

#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH .
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE trace
#include <trace/define_trace.h>
