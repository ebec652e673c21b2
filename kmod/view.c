// SPDX-License-Identifier: GPL-2.0
#include <linux/netdevice.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <net/genetlink.h>
#include <net/netfilter/nf_conntrack_zones.h>
#include <net/sock.h>

#include "compat.h"
#include "event.h"
#include "filter.h"
#include "flow.h"
#include "host.h"
#include "netlink.h"
#include "pool.h"
#include "session.h"
#include "view.h"

/* Objects looked at between two pauses. */
#define BATCH		1024
/* Room for any of them, so that none has to be looked at twice. */
#define MAX_MESSAGE	768

static int put_u64(struct sk_buff *skb, int type, u64 value)
{
	enum { PAD = ERNAT_HOST_PAD };

	BUILD_BUG_ON(PAD != (int)ERNAT_DEST_PAD || PAD != (int)ERNAT_SESSION_PAD);
	return nla_put_u64_64bit(skb, type, value, PAD);
}

static int put_address(struct sk_buff *skb, int type, u8 family,
		       const union nf_inet_addr *addr)
{
	return nla_put(skb, type, family == NFPROTO_IPV6 ? 16 : 4, addr);
}

/* Sessions */

/* The addresses and ports of one. */
struct tuple {
	u8 family;
	u8 protocol;
	u16 zone;
	u16 host_port;
	u16 mapped_port;
	u16 dest_port;
	union nf_inet_addr host;
	union nf_inet_addr mapped;
	union nf_inet_addr dest;
};

static void look(struct tuple *v, const struct ernat_session *s)
{
	const struct nf_conn *ct = ernat_session_ct(s);
	const struct nf_conntrack_tuple *orig, *reply;

	orig = &ct->tuplehash[IP_CT_DIR_ORIGINAL].tuple;
	reply = &ct->tuplehash[IP_CT_DIR_REPLY].tuple;
	v->family = orig->src.l3num;
	v->protocol = orig->dst.protonum;
	v->zone = nf_ct_zone_id(nf_ct_zone(ct), IP_CT_DIR_ORIGINAL);
	v->host = orig->src.u3;
	v->mapped = reply->dst.u3;
	v->dest = reply->src.u3;
	v->host_port = 0;
	v->mapped_port = 0;
	v->dest_port = 0;
	if (ernat_flow_is_icmp(v->protocol)) {
		v->host_port = ntohs(orig->src.u.icmp.id);
		v->mapped_port = ntohs(reply->src.u.icmp.id);
	} else if (ernat_flow_has_ports(v->protocol)) {
		v->host_port = ntohs(orig->src.u.all);
		v->mapped_port = ntohs(reply->dst.u.all);
		v->dest_port = ntohs(reply->src.u.all);
	}
}

static int put_vrf(struct sk_buff *skb, struct ernat_net *en, u32 ifindex)
{
	const struct net_device *dev;

	dev = ifindex ? dev_get_by_index_rcu(en->net, ifindex) : NULL;
	return dev ? nla_put_string(skb, ERNAT_SESSION_VRF, dev->name) : 0;
}

static int put_tuple(struct sk_buff *skb, const struct tuple *v)
{
	if (nla_put_u8(skb, ERNAT_SESSION_PROTOCOL, v->protocol) ||
	    nla_put_u16(skb, ERNAT_SESSION_ZONE, v->zone) ||
	    put_address(skb, ERNAT_SESSION_HOST, v->family, &v->host) ||
	    nla_put_u16(skb, ERNAT_SESSION_HOST_PORT, v->host_port) ||
	    put_address(skb, ERNAT_SESSION_MAPPED, v->family, &v->mapped) ||
	    nla_put_u16(skb, ERNAT_SESSION_MAPPED_PORT, v->mapped_port) ||
	    put_address(skb, ERNAT_SESSION_DEST, v->family, &v->dest))
		return -EMSGSIZE;
	return nla_put_u16(skb, ERNAT_SESSION_DEST_PORT, v->dest_port);
}

int ernat_view_put_session(struct sk_buff *skb, struct ernat_net *en,
			   int type, const struct ernat_session *s)
{
	const char *pool = ernat_session_pool(s)->name;
	u64 age = div_u64(ernat_session_age_ns(s), NSEC_PER_SEC);
	struct nlattr *nest = nla_nest_start(skb, type);
	struct tuple v;

	look(&v, s);
	if (!nest || nla_put_string(skb, ERNAT_SESSION_POOL, pool) ||
	    nla_put_string(skb, ERNAT_SESSION_RULE, s->rule->name) ||
	    (s->source &&
	     nla_put_string(skb, ERNAT_SESSION_SOURCE, s->source->name)) ||
	    put_tuple(skb, &v) ||
	    nla_put_u8(skb, ERNAT_SESSION_STATE, ernat_session_state(s)) ||
	    put_u64(skb, ERNAT_SESSION_AGE, age) ||
	    put_vrf(skb, en, s->vrf))
		return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}

static bool session_passes(const struct ernat_filter *f, const void *object)
{
	const struct ernat_session *s = object;
	struct tuple v;

	if (f->has_vrf && s->vrf != f->vrf)
		return false;
	if (!ernat_filter_has_name(f->pool, ernat_session_pool(s)) ||
	    !ernat_filter_has_name(f->rule, s->rule) ||
	    !ernat_filter_has_name(f->source, s->source))
		return false;
	look(&v, s);
	if ((f->has_protocol && v.protocol != f->protocol) ||
	    (f->has_host_port && v.host_port != f->host_port) ||
	    (f->has_mapped_port && v.mapped_port != f->mapped_port) ||
	    (f->has_dest_port && v.dest_port != f->dest_port))
		return false;
	return ernat_filter_has_addr(&f->host, v.family, &v.host) &&
	       ernat_filter_has_addr(&f->mapped, v.family, &v.mapped) &&
	       ernat_filter_has_addr(&f->dest, v.family, &v.dest);
}

static int put_session(struct sk_buff *skb, struct ernat_net *en,
		       const void *object)
{
	return ernat_view_put_session(skb, en, ERNAT_A_SESSION, object);
}

/* Hosts */

/* One that stands for a prefix has every address of it. */
static bool host_overlaps(const struct ernat_filter_range *r,
			  const struct ernat_host_key *key)
{
	const struct ernat_pool *pool = rcu_dereference(key->pool->pool);
	struct ernat_ip first, last;
	u8 host_bits;

	if (!r->used)
		return true;
	if (r->family != key->family)
		return false;
	first = ernat_ip_from(&key->addr, key->family);
	last = first;
	if (key->family == NFPROTO_IPV6) {
		host_bits = 128 - ernat_host_prefix_len(pool, key->family);
		last.lo |= host_bits >= 64 ? U64_MAX : BIT_ULL(host_bits) - 1;
		if (host_bits >= 64)
			last.hi |= host_bits == 128 ? U64_MAX :
				   BIT_ULL(host_bits - 64) - 1;
	}
	return ernat_ip_cmp(r->span.first, last) <= 0 &&
	       ernat_ip_cmp(first, r->span.last) <= 0;
}

static bool host_wanted(const struct ernat_filter *f, const void *object)
{
	const struct ernat_host_key *key;

	key = &((const struct ernat_host *)object)->key;
	return ernat_filter_has_name(f->pool, key->pool) &&
	       host_overlaps(&f->host, key);
}

static int put_failure(struct sk_buff *skb, const struct ernat_failure *failure)
{
	const struct ernat_dest_key *dest = &failure->dest;

	if (nla_put_u8(skb, ERNAT_HOST_FAILURE_REASON, failure->reason) ||
	    put_u64(skb, ERNAT_HOST_FAILURE_TIME, failure->time) ||
	    nla_put_u8(skb, ERNAT_HOST_FAILURE_PROTOCOL, dest->protocol) ||
	    put_address(skb, ERNAT_HOST_FAILURE_DEST, dest->family,
			&dest->addr))
		return -EMSGSIZE;
	return nla_put_u16(skb, ERNAT_HOST_FAILURE_DEST_PORT, dest->port);
}

/* What changes, as of one moment. */
struct host_state {
	bool is_paired;
	bool alarm;
	union nf_inet_addr paired;
	u64 failed;
	struct ernat_failure failure;
};

static void host_look(struct ernat_host *h, struct host_state *state)
{
	spin_lock_bh(&h->lock);
	*state = (struct host_state) {
		.is_paired = h->is_paired,
		.alarm = h->alarm,
		.paired = h->paired,
		.failed = h->failed,
		.failure = h->failure,
	};
	spin_unlock_bh(&h->lock);
}

static int put_host(struct sk_buff *skb, struct ernat_net *en,
		    const void *object)
{
	struct ernat_host *h = (struct ernat_host *)object;
	const struct ernat_host_key *key = &h->key;
	const struct ernat_pool *pool;
	struct host_state state;
	struct nlattr *nest;
	u8 len;

	host_look(h, &state);
	pool = rcu_dereference(key->pool->pool);
	len = ernat_host_prefix_len(pool, key->family);
	nest = nla_nest_start(skb, ERNAT_A_HOST);
	if (!nest ||
	    nla_put_string(skb, ERNAT_HOST_POOL, key->pool->name) ||
	    put_address(skb, ERNAT_HOST_ADDR, key->family, &key->addr) ||
	    nla_put_u8(skb, ERNAT_HOST_PREFIX_LEN, len) ||
	    nla_put_u16(skb, ERNAT_HOST_ZONE, key->zone) ||
	    nla_put_u32(skb, ERNAT_HOST_SESSIONS, atomic_read(&h->sessions)) ||
	    nla_put_u8(skb, ERNAT_HOST_ALARM, state.alarm) ||
	    put_u64(skb, ERNAT_HOST_FAILED, state.failed))
		return -EMSGSIZE;
	if (pool && pool->host_limit &&
	    nla_put_u32(skb, ERNAT_HOST_LIMIT, pool->host_limit))
		return -EMSGSIZE;
	if (state.is_paired &&
	    put_address(skb, ERNAT_HOST_MAPPED, key->family, &state.paired))
		return -EMSGSIZE;
	if (state.failure.reason && put_failure(skb, &state.failure))
		return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}

/* Destinations */

static bool dest_wanted(const struct ernat_filter *f, const void *object)
{
	const struct ernat_port_use_key *key;

	key = &((const struct ernat_port_use *)object)->key;
	return ernat_filter_has_name(f->pool, key->owner) &&
	       (!f->has_protocol || f->protocol == key->dest.protocol) &&
	       (!f->has_dest_port || f->dest_port == key->dest.port) &&
	       ernat_filter_has_addr(&f->dest, key->dest.family,
				     &key->dest.addr);
}

/* What it could use. */
static u64 dest_ports(const struct ernat_port_use_key *key)
{
	const struct ernat_pool *pool = rcu_dereference(key->owner->pool);
	const unsigned int f = ernat_family_index(key->dest.family);

	if (!pool)
		return 0;
	if (ernat_flow_has_ports(key->dest.protocol) ||
	    ernat_flow_is_icmp(key->dest.protocol))
		return ernat_pool_capacity(pool, f);
	return pool->n_addrs[f];
}

static int put_dest(struct sk_buff *skb, struct ernat_net *en,
		    const void *object)
{
	const struct ernat_port_use *u = object;
	const struct ernat_port_use_key *key = &u->key;
	struct nlattr *nest = nla_nest_start(skb, ERNAT_A_DEST);

	if (!nest ||
	    nla_put_string(skb, ERNAT_DEST_POOL, key->owner->name) ||
	    nla_put_u8(skb, ERNAT_DEST_PROTOCOL, key->dest.protocol) ||
	    put_address(skb, ERNAT_DEST_ADDR, key->dest.family,
			&key->dest.addr) ||
	    nla_put_u16(skb, ERNAT_DEST_PORT, key->dest.port) ||
	    put_u64(skb, ERNAT_DEST_SESSIONS, READ_ONCE(u->sessions)) ||
	    put_u64(skb, ERNAT_DEST_USED, READ_ONCE(u->used)) ||
	    put_u64(skb, ERNAT_DEST_PORTS, dest_ports(key)))
		return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}

/* All of them */

#define SESSION_KEYS	(BIT(ERNAT_FILTER_MAX + 1) - 1)
#define HOST_KEYS	(BIT(ERNAT_FILTER_POOL) | BIT(ERNAT_FILTER_HOST))
#define DEST_KEYS	(BIT(ERNAT_FILTER_POOL) | BIT(ERNAT_FILTER_DEST) | \
			 BIT(ERNAT_FILTER_DEST_PORT) | \
			 BIT(ERNAT_FILTER_PROTOCOL))

/**
 * struct view - a table that can be asked for
 * @cmd: by which
 * @keys: bit mask of enum ernat_filter_attr
 * @table: offset in struct ernat_net
 * @wanted: does an object pass? Under RCU
 * @put: its nest, under RCU. Return: 0 or -EMSGSIZE
 */
struct view {
	u8 cmd;
	u32 keys;
	size_t table;
	bool (*wanted)(const struct ernat_filter *f, const void *object);
	int (*put)(struct sk_buff *skb, struct ernat_net *en,
		   const void *object);
};

static const struct view views[] = {
	{ ERNAT_CMD_GET_SESSION, SESSION_KEYS,
	  offsetof(struct ernat_net, sessions), session_passes, put_session },
	{ ERNAT_CMD_GET_HOST, HOST_KEYS,
	  offsetof(struct ernat_net, hosts), host_wanted, put_host },
	{ ERNAT_CMD_GET_DEST, DEST_KEYS,
	  offsetof(struct ernat_net, ports.uses), dest_wanted, put_dest },
};

static const struct view *view_of(const struct netlink_callback *cb)
{
	const struct genlmsghdr *request = nlmsg_data(cb->nlh);
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(views) - 1; i++)
		if (views[i].cmd == request->cmd)
			break;
	return &views[i];
}

struct dump {
	const struct view *view;
	struct rhashtable_iter iter;
	struct ernat_filter filter;
	bool at_end;
};

int ernat_view_start(struct netlink_callback *cb)
{
	const struct nlattr *nest = ernat_dump_attrs(cb)[ERNAT_A_FILTER];
	struct ernat_net *en = ernat_net(sock_net(cb->skb->sk));
	const struct view *view = view_of(cb);
	struct dump *d;
	int err;

	d = kzalloc(sizeof(*d), GFP_KERNEL_ACCOUNT);
	if (!d)
		return -ENOMEM;
	d->view = view;
	err = nest ? ernat_filter_take(en, cb->extack, nest, view->keys,
				       &d->filter) : 0;
	if (err) {
		kfree(d);
		return err;
	}
	rhashtable_walk_enter((void *)en + view->table, &d->iter);
	cb->args[0] = (long)d;
	cb->seq = 1;
	return 0;
}

int ernat_view_done(struct netlink_callback *cb)
{
	struct dump *d = (struct dump *)cb->args[0];

	rhashtable_walk_exit(&d->iter);
	kfree(d);
	return 0;
}

static void put_message(struct sk_buff *skb, struct netlink_callback *cb,
			struct ernat_net *en, const struct dump *d,
			const void *object)
{
	void *hdr;

	hdr = genlmsg_put(skb, NETLINK_CB(cb->skb).portid, cb->nlh->nlmsg_seq,
			  &ernat_genl_family, NLM_F_MULTI, d->view->cmd);
	if (WARN_ON_ONCE(!hdr))
		return;
	genl_dump_check_consistent(cb, hdr);
	if (WARN_ON_ONCE(d->view->put(skb, en, object)))
		genlmsg_cancel(skb, hdr);
	else
		genlmsg_end(skb, hdr);
}

/* Some of them, under RCU. */
static void walk(struct sk_buff *skb, struct netlink_callback *cb,
		 struct ernat_net *en, struct dump *d)
{
	const void *object;
	unsigned int i;

	rhashtable_walk_start(&d->iter);
	for (i = 0; i < BATCH && skb_tailroom(skb) >= MAX_MESSAGE; i++) {
		object = rhashtable_walk_next(&d->iter);
		if (!object) {
			d->at_end = true;
			break;
		}
		if (IS_ERR(object))
			/* The table is being resized: some come twice. */
			cb->seq++;
		else if (d->view->wanted(&d->filter, object))
			put_message(skb, cb, en, d, object);
	}
	rhashtable_walk_stop(&d->iter);
}

int ernat_view_dump(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct ernat_net *en = ernat_net(sock_net(skb->sk));
	struct dump *d = (struct dump *)cb->args[0];

	while (!d->at_end && skb_tailroom(skb) >= MAX_MESSAGE) {
		walk(skb, cb, en, d);
		if (fatal_signal_pending(current))
			return -EINTR;
		cond_resched();
	}
	return skb->len;
}

/* Clearing */

static u64 clear(struct ernat_net *en, const struct ernat_filter *f)
{
	struct rhashtable_iter iter;
	struct ernat_session *s;
	unsigned int n = 0;
	u64 count = 0;

	rhashtable_walk_enter(&en->sessions, &iter);
	rhashtable_walk_start(&iter);
	while ((s = rhashtable_walk_next(&iter))) {
		if (IS_ERR(s))
			continue;	/* resized: begins anew */
		if (session_passes(f, s))
			count += ernat_session_kill(en, s);
		if (++n % BATCH == 0) {
			rhashtable_walk_stop(&iter);
			cond_resched();
			rhashtable_walk_start(&iter);
		}
	}
	rhashtable_walk_stop(&iter);
	rhashtable_walk_exit(&iter);
	return count;
}

int ernat_view_clear(struct ernat_net *en, struct genl_info *info, u64 *count)
{
	const struct nlattr *nest = info->attrs[ERNAT_A_FILTER];
	struct ernat_event ev = {
		.type = ERNAT_EVENT_TYPE_CLEARED,
		.has_count = true,
	};
	struct ernat_filter *f;
	int err = 0;

	if (!(nest && nla_len(nest)) == !info->attrs[ERNAT_A_ALL])
		return ernat_err(en, info->extack, nest, -EINVAL,
				 "either a filter or all");
	f = kzalloc(sizeof(*f), GFP_KERNEL_ACCOUNT);
	if (!f)
		return -ENOMEM;
	if (nest)
		err = ernat_filter_take(en, info->extack, nest, SESSION_KEYS,
					f);
	if (!err) {
		*count = clear(en, f);
		this_cpu_add(en->stat[ERNAT_STAT_CLEARED], *count);
		ev.count = *count;
		ernat_event_emit(en, &ev);
	}
	kfree(f);
	return err;
}
