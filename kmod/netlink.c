// SPDX-License-Identifier: GPL-2.0
#include <linux/module.h>
#include <linux/netlink.h>
#include <net/genetlink.h>
#include <net/netfilter/nf_conntrack.h>
#include <net/sock.h>

#include "adopt.h"
#include "attr.h"
#include "config.h"
#include "event.h"
#include "explain.h"
#include "filter.h"
#include "hook.h"
#include "netlink.h"
#include "object.h"
#include "running.h"
#include "session.h"
#include "transaction.h"
#include "usage.h"
#include "view.h"

#define NAME	{ .type = NLA_NUL_STRING, .len = ERNAT_NAME_MAX - 1 }

/*
 * The core reads the text after the request is done, measures it first and
 * allocates in between. So a text has a place of its own length: another that
 * is written over it still fits what was allocated.
 */
void ernat_verr(struct ernat_net *en, struct netlink_ext_ack *extack,
		const struct nlattr *attr, const char *fmt, va_list args)
{
	char text[ERNAT_ERRBUF_LEN];
	unsigned int len;
	char *buf;

	BUILD_BUG_ON(ERNAT_ERRBUFS * NLA_ALIGNTO < ERNAT_ERRBUF_LEN);
	if (!extack)
		return;
	len = vscnprintf(text, sizeof(text), fmt, args);
	buf = en->errbuf[len / NLA_ALIGNTO];
	memcpy(buf, text, len + 1);
	extack->_msg = buf;
	if (attr)
		NL_SET_BAD_ATTR(extack, attr);
}

int ernat_err(struct ernat_net *en, struct netlink_ext_ack *extack,
	      const struct nlattr *attr, int err, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	ernat_verr(en, extack, attr, fmt, args);
	va_end(args);
	return err;
}

static struct sk_buff *reply_new(struct genl_info *info, size_t size,
				 void **hdr)
{
	struct sk_buff *skb = nlmsg_new(size, GFP_KERNEL);

	if (!skb)
		return NULL;
	*hdr = genlmsg_put_reply(skb, info, &ernat_genl_family, 0,
				 info->genlhdr->cmd);
	if (*hdr)
		return skb;
	nlmsg_free(skb);
	return NULL;
}

static int reply_send(struct genl_info *info, struct sk_buff *skb, void *hdr)
{
	genlmsg_end(skb, hdr);
	return genlmsg_reply(skb, info);
}

static int put_status_config(struct sk_buff *skb, struct ernat_net *en,
			     const struct ernat_ruleset *rs)
{
	time64_t age = ktime_get_boottime_seconds() - en->commit_time;

	if (nla_put_u32(skb, ERNAT_STATUS_SETS, rs->n_sets) ||
	    nla_put_u32(skb, ERNAT_STATUS_POOLS, rs->n_pools) ||
	    nla_put_u32(skb, ERNAT_STATUS_SOURCES, rs->n_sources) ||
	    nla_put_u32(skb, ERNAT_STATUS_RULES, rs->n_rules) ||
	    nla_put_u64_64bit(skb, ERNAT_STATUS_AGE, age, ERNAT_STATUS_PAD))
		return -EMSGSIZE;
	if (rs->file && nla_put_string(skb, ERNAT_STATUS_FILE, rs->file))
		return -EMSGSIZE;
	if (rs->has_hash &&
	    nla_put(skb, ERNAT_STATUS_HASH, sizeof(rs->hash), rs->hash))
		return -EMSGSIZE;
	if (*rs->router &&
	    nla_put_string(skb, ERNAT_STATUS_ROUTER, rs->router))
		return -EMSGSIZE;
	return 0;
}

static int put_status(struct sk_buff *skb, struct ernat_net *en)
{
	const struct ernat_ruleset *rs;
	struct nlattr *nest;

	rs = rcu_dereference_protected(en->ruleset, lockdep_is_held(&en->lock));
	nest = nla_nest_start(skb, ERNAT_A_STATUS);
	if (!nest ||
	    nla_put_string(skb, ERNAT_STATUS_VERSION, ERNAT_VERSION) ||
	    nla_put_u32(skb, ERNAT_STATUS_GENERATION, en->generation) ||
	    nla_put_u64_64bit(skb, ERNAT_STATUS_SESSIONS,
			      atomic_read(&en->sessions.nelems),
			      ERNAT_STATUS_PAD) ||
	    nla_put_u32(skb, ERNAT_STATUS_CT_COUNT,
			nf_conntrack_count(en->net)) ||
	    nla_put_u32(skb, ERNAT_STATUS_CT_MAX, nf_conntrack_max) ||
	    nla_put_u8(skb, ERNAT_STATUS_CT_ALARM, !!READ_ONCE(en->alarms)) ||
	    (rs && put_status_config(skb, en, rs)))
		return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}

static int do_get_status(struct sk_buff *request, struct genl_info *info)
{
	struct ernat_net *en = ernat_net(genl_info_net(info));
	struct sk_buff *skb;
	void *hdr;
	int err;

	skb = reply_new(info, 8192, &hdr);
	if (!skb)
		return -ENOMEM;
	mutex_lock(&en->lock);
	err = put_status(skb, en);
	mutex_unlock(&en->lock);
	if (!err)
		return reply_send(info, skb, hdr);
	nlmsg_free(skb);
	return err;
}

static u64 conntrack_stat(const struct ernat_net *en, enum ernat_stat stat)
{
	u64 sum = 0;
	int cpu;

	for_each_possible_cpu(cpu) {
		const struct ip_conntrack_stat *s;

		s = per_cpu_ptr(en->net->ct.stat, cpu);
		if (stat == ERNAT_STAT_CT_INSERT_FAILED)
			sum += READ_ONCE(s->insert_failed);
		else if (stat == ERNAT_STAT_CT_DROP)
			sum += READ_ONCE(s->drop);
		else
			sum += READ_ONCE(s->early_drop);
	}
	return sum;
}

static u64 get_stat(const struct ernat_net *en, enum ernat_stat stat)
{
	switch (stat) {
	case ERNAT_STAT_SESSIONS:
		return atomic_read(&en->sessions.nelems);
	case ERNAT_STAT_SWEEP_NS:
		return READ_ONCE(en->sweep_ns);
	case ERNAT_STAT_CT_COUNT:
		return nf_conntrack_count(en->net);
	case ERNAT_STAT_CT_MAX:
		return nf_conntrack_max;
	case ERNAT_STAT_CT_INSERT_FAILED:
	case ERNAT_STAT_CT_DROP:
	case ERNAT_STAT_CT_EARLY_DROP:
		return conntrack_stat(en, stat);
	default:
		return ernat_counter(en, stat);
	}
}

static int put_stats(struct sk_buff *skb, const struct ernat_net *en)
{
	struct nlattr *nest = nla_nest_start(skb, ERNAT_A_STATS);
	int stat;

	if (!nest)
		return -EMSGSIZE;
	for (stat = ERNAT_STAT_UNSPEC + 1; stat < __ERNAT_STAT_MAX; stat++)
		/* Type 0 does for padding: no counter has it. */
		if (nla_put_u64_64bit(skb, stat, get_stat(en, stat),
				      ERNAT_STAT_UNSPEC))
			return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}

static int do_get_stats(struct sk_buff *request, struct genl_info *info)
{
	struct ernat_net *en = ernat_net(genl_info_net(info));
	struct sk_buff *skb;
	void *hdr;
	int err;

	skb = reply_new(info, NLMSG_DEFAULT_SIZE, &hdr);
	if (!skb)
		return -ENOMEM;
	err = put_stats(skb, en);
	if (!err)
		return reply_send(info, skb, hdr);
	nlmsg_free(skb);
	return err;
}

static int do_begin(struct sk_buff *request, struct genl_info *info)
{
	struct ernat_net *en = ernat_net(genl_info_net(info));
	struct sk_buff *skb;
	u64 cookie;
	void *hdr;
	int err;

	skb = reply_new(info, NLMSG_DEFAULT_SIZE, &hdr);
	if (!skb)
		return -ENOMEM;
	mutex_lock(&en->lock);
	err = ernat_transaction_begin(en, NETLINK_CB(request).sk, info->extack,
				      &cookie);
	mutex_unlock(&en->lock);
	if (!err)
		err = nla_put_u64_64bit(skb, ERNAT_A_COOKIE, cookie,
					ERNAT_A_PAD);
	if (!err)
		return reply_send(info, skb, hdr);
	nlmsg_free(skb);
	return err;
}

/* The core would take the last of what is repeated, and say nothing. */
static int refuse_repeated(struct ernat_net *en, struct genl_info *info)
{
	const struct nlattr *attr;
	u32 seen = 0, bit;
	int rem;

	BUILD_BUG_ON(ERNAT_A_MAX >= 32);
	nlmsg_for_each_attr(attr, info->nlhdr, GENL_HDRLEN, rem) {
		bit = BIT(nla_type(attr));
		if (seen & bit)
			return ernat_err(en, info->extack, attr, -EINVAL,
					 "given twice in one message");
		seen |= bit;
	}
	return 0;
}

/* The transaction that a message belongs to. */
static struct ernat_transaction *
get_transaction(struct ernat_net *en, struct sk_buff *request,
		struct genl_info *info)
{
	const struct nlattr *cookie = info->attrs[ERNAT_A_COOKIE];
	struct ernat_transaction *tr;
	int err;

	lockdep_assert_held(&en->lock);
	err = refuse_repeated(en, info);
	if (err)
		return ERR_PTR(err);
	if (!cookie) {
		err = ernat_err(en, info->extack, NULL, -EINVAL,
				"the cookie of the transaction is missing");
		return ERR_PTR(err);
	}
	tr = ernat_transaction_find(en, NETLINK_CB(request).sk,
				    nla_get_u64(cookie));
	if (tr) {
		tr->extack = info->extack;
		return tr;
	}
	err = ernat_err(en, info->extack, cookie, -ENOENT,
			"this socket has no such transaction");
	return ERR_PTR(err);
}

static int add_object(struct ernat_transaction *tr, struct genl_info *info)
{
	int err;

	if (tr->refused)
		return ernat_refuse(tr, NULL, -ECANCELED,
				    "an object before this one was refused");
	err = ernat_object_add(tr, info->attrs);
	if (!err)
		return 0;
	tr->refused = true;
	ernat_count(tr->en, ERNAT_STAT_REFUSED);
	return err;
}

static int do_add(struct sk_buff *request, struct genl_info *info)
{
	struct ernat_net *en = ernat_net(genl_info_net(info));
	struct ernat_transaction *tr;
	int err;

	mutex_lock(&en->lock);
	tr = get_transaction(en, request, info);
	err = PTR_ERR_OR_ZERO(tr);
	if (!err)
		err = add_object(tr, info);
	mutex_unlock(&en->lock);
	return err;
}

static int check_generation(struct ernat_net *en, struct genl_info *info)
{
	const struct nlattr *attr = info->attrs[ERNAT_A_IF_GENERATION];

	if (!attr || nla_get_u32(attr) == en->generation)
		return 0;
	return ernat_err(en, info->extack, attr, -ESTALE,
			 "the running ruleset is of generation %u by now",
			 en->generation);
}

/* The transaction ends with it, whether the ruleset is taken or not. */
static int commit(struct ernat_net *en, struct sk_buff *request,
		  struct genl_info *info, u32 *generation)
{
	bool check = info->attrs[ERNAT_A_CHECK];
	struct ernat_transaction *tr;
	int err;

	lockdep_assert_held(&en->lock);
	tr = get_transaction(en, request, info);
	if (IS_ERR(tr))
		return PTR_ERR(tr);
	err = check_generation(en, info);
	if (!err)
		err = ernat_transaction_commit(tr, check);
	if (err)
		ernat_count(en, ERNAT_STAT_REFUSED);
	*generation = en->generation;
	ernat_transaction_free(tr);
	return err;
}

static int do_commit(struct sk_buff *request, struct genl_info *info)
{
	struct ernat_net *en = ernat_net(genl_info_net(info));
	struct sk_buff *skb;
	struct ernat_adoption result;
	bool first;
	u32 generation;
	void *hdr;
	int err;

	/* Nothing may fail any more once the ruleset is taken. */
	skb = reply_new(info, NLMSG_DEFAULT_SIZE, &hdr);
	if (!skb)
		return -ENOMEM;
	mutex_lock(&en->lock);
	first = !rcu_access_pointer(en->ruleset);
	err = commit(en, request, info, &generation);
	mutex_unlock(&en->lock);
	/* What goes on under an earlier ruleset is not decided again. */
	if (!err && !info->attrs[ERNAT_A_CHECK])
		ernat_adopt(en, first, &result);
	if (!err)
		err = nla_put_u32(skb, ERNAT_A_GENERATION, generation);
	if (!err)
		return reply_send(info, skb, hdr);
	nlmsg_free(skb);
	return err;
}

static int do_abort(struct sk_buff *request, struct genl_info *info)
{
	struct ernat_net *en = ernat_net(genl_info_net(info));
	struct ernat_transaction *tr;
	int err;

	mutex_lock(&en->lock);
	tr = get_transaction(en, request, info);
	err = PTR_ERR_OR_ZERO(tr);
	if (!err)
		ernat_transaction_free(tr);
	mutex_unlock(&en->lock);
	return err;
}

static int flush(struct ernat_net *en, struct genl_info *info)
{
	unsigned int n = atomic_read(&en->sessions.nelems);

	lockdep_assert_held(&en->lock);
	if (n && !info->attrs[ERNAT_A_FORCE])
		return ernat_err(en, info->extack, NULL, -EBUSY,
				 "%u sessions are live", n);
	ernat_running_flush(en);
	return 0;
}

static int do_flush(struct sk_buff *request, struct genl_info *info)
{
	struct ernat_net *en = ernat_net(genl_info_net(info));
	int err;

	mutex_lock(&en->lock);
	err = flush(en, info);
	mutex_unlock(&en->lock);
	return err;
}

static int do_clear_session(struct sk_buff *request, struct genl_info *info)
{
	struct ernat_net *en = ernat_net(genl_info_net(info));
	struct sk_buff *skb;
	u64 count;
	void *hdr;
	int err;

	skb = reply_new(info, NLMSG_DEFAULT_SIZE, &hdr);
	if (!skb)
		return -ENOMEM;
	err = ernat_view_clear(en, info, &count);
	if (!err)
		err = nla_put_u64_64bit(skb, ERNAT_A_COUNT, count, ERNAT_A_PAD);
	if (!err)
		return reply_send(info, skb, hdr);
	nlmsg_free(skb);
	return err;
}

static int do_adopt(struct sk_buff *request, struct genl_info *info)
{
	struct ernat_net *en = ernat_net(genl_info_net(info));
	struct ernat_adoption result;
	struct sk_buff *skb;
	void *hdr;

	if (!rcu_access_pointer(en->ruleset))
		return ernat_err(en, info->extack, NULL, -ENOENT,
				 "this namespace has no ruleset");
	skb = reply_new(info, NLMSG_DEFAULT_SIZE, &hdr);
	if (!skb)
		return -ENOMEM;
	ernat_adopt(en, true, &result);
	if (!nla_put_u64_64bit(skb, ERNAT_A_ADOPTED, result.adopted,
			       ERNAT_A_PAD) &&
	    !nla_put_u64_64bit(skb, ERNAT_A_ENDED, result.ended, ERNAT_A_PAD))
		return reply_send(info, skb, hdr);
	nlmsg_free(skb);
	return -EMSGSIZE;
}

static const struct nla_policy add_policy[ERNAT_A_MAX + 1] = {
	[ERNAT_A_COOKIE] = { .type = NLA_U64 },
	[ERNAT_A_CONTINUE] = { .type = NLA_FLAG },
	[ERNAT_A_SET] = NLA_POLICY_NESTED(ernat_set_policy),
	[ERNAT_A_POOL] = NLA_POLICY_NESTED(ernat_pool_policy),
	[ERNAT_A_SOURCE] = NLA_POLICY_NESTED(ernat_source_policy),
	[ERNAT_A_RULE] = NLA_POLICY_NESTED(ernat_rule_policy),
	[ERNAT_A_SETTINGS] = NLA_POLICY_NESTED(ernat_settings_policy),
};

static const struct nla_policy commit_policy[ERNAT_A_MAX + 1] = {
	[ERNAT_A_COOKIE] = { .type = NLA_U64 },
	[ERNAT_A_CHECK] = { .type = NLA_FLAG },
	[ERNAT_A_IF_GENERATION] = { .type = NLA_U32 },
};

static const struct nla_policy abort_policy[ERNAT_A_MAX + 1] = {
	[ERNAT_A_COOKIE] = { .type = NLA_U64 },
};

static const struct nla_policy flush_policy[ERNAT_A_MAX + 1] = {
	[ERNAT_A_FORCE] = { .type = NLA_FLAG },
};

static const struct nla_policy usage_policy[ERNAT_A_MAX + 1] = {
	[ERNAT_A_NAME] = NAME,
};

static const struct nla_policy view_policy[ERNAT_A_MAX + 1] = {
	[ERNAT_A_FILTER] = NLA_POLICY_NESTED(ernat_filter_policy),
};

static const struct nla_policy clear_policy[ERNAT_A_MAX + 1] = {
	[ERNAT_A_FILTER] = NLA_POLICY_NESTED(ernat_filter_policy),
	[ERNAT_A_ALL] = { .type = NLA_FLAG },
};

static const struct nla_policy explain_policy[ERNAT_A_MAX + 1] = {
	[ERNAT_A_FLOW] = NLA_POLICY_NESTED(ernat_flow_policy),
};

#define OP(_cmd, _policy)			\
	.cmd = _cmd,				\
	.flags = GENL_UNS_ADMIN_PERM,		\
	.policy = _policy,			\
	.maxattr = ERNAT_A_MAX

/* Without a policy, the core refuses all attributes. */
#define OP_BARE(_cmd)				\
	.cmd = _cmd,				\
	.flags = GENL_UNS_ADMIN_PERM

static const struct genl_ops ops[] = {
	{ OP_BARE(ERNAT_CMD_GET_STATUS), .doit = do_get_status },
	{ OP_BARE(ERNAT_CMD_BEGIN), .doit = do_begin },
	{ OP(ERNAT_CMD_ADD, add_policy), .doit = do_add },
	{ OP(ERNAT_CMD_COMMIT, commit_policy), .doit = do_commit },
	{ OP(ERNAT_CMD_ABORT, abort_policy), .doit = do_abort },
	{ OP(ERNAT_CMD_FLUSH, flush_policy), .doit = do_flush },
	{ OP_BARE(ERNAT_CMD_GET_CONFIG), .start = ernat_config_start,
	  .dumpit = ernat_config_dump },
	{ OP(ERNAT_CMD_GET_POOL, usage_policy), .start = ernat_usage_start,
	  .dumpit = ernat_usage_dump_pools },
	{ OP(ERNAT_CMD_GET_SOURCE, usage_policy), .start = ernat_usage_start,
	  .dumpit = ernat_usage_dump_sources },
	{ OP(ERNAT_CMD_GET_RULE, usage_policy), .start = ernat_usage_start,
	  .dumpit = ernat_usage_dump_rules },
	{ OP(ERNAT_CMD_GET_SESSION, view_policy),
	  .start = ernat_view_start, .dumpit = ernat_view_dump,
	  .done = ernat_view_done },
	{ OP(ERNAT_CMD_GET_HOST, view_policy),
	  .start = ernat_view_start, .dumpit = ernat_view_dump,
	  .done = ernat_view_done },
	{ OP(ERNAT_CMD_GET_DEST, view_policy),
	  .start = ernat_view_start, .dumpit = ernat_view_dump,
	  .done = ernat_view_done },
	{ OP(ERNAT_CMD_CLEAR_SESSION, clear_policy),
	  .doit = do_clear_session },
	{ OP_BARE(ERNAT_CMD_ADOPT), .doit = do_adopt },
	{ OP_BARE(ERNAT_CMD_GET_EVENT), .dumpit = ernat_event_dump },
	{ OP_BARE(ERNAT_CMD_GET_STATS), .doit = do_get_stats },
	{ OP(ERNAT_CMD_EXPLAIN, explain_policy), .doit = ernat_explain_do },
};

/* In the order of the groups of event.c. */
static const struct genl_multicast_group groups[] = {
	{ .name = ERNAT_GENL_EVENTS, .flags = GENL_MCAST_CAP_NET_ADMIN },
	{ .name = ERNAT_GENL_SESSIONS, .flags = GENL_MCAST_CAP_NET_ADMIN },
};

struct genl_family ernat_genl_family __ro_after_init = {
	.name = ERNAT_GENL_NAME,
	.version = ERNAT_GENL_VERSION,
	.maxattr = ERNAT_A_MAX,
	.netnsok = true,
	/* The lock of a namespace does; genl's own would be shared by all. */
	.parallel_ops = true,
	.ops = ops,
	.n_ops = ARRAY_SIZE(ops),
	.mcgrps = groups,
	.n_mcgrps = ARRAY_SIZE(groups),
	.resv_start_op = ERNAT_CMD_UNSPEC,
	.module = THIS_MODULE,
};

static int netlink_event(struct notifier_block *nb, unsigned long event,
			 void *data)
{
	const struct netlink_notify *n = data;

	if (event == NETLINK_URELEASE && n->protocol == NETLINK_GENERIC)
		ernat_transaction_forget(ernat_net(n->net));
	return NOTIFY_DONE;
}

static struct notifier_block netlink_notifier = {
	.notifier_call = netlink_event,
};

int ernat_netlink_net_init(struct ernat_net *en)
{
	INIT_LIST_HEAD(&en->transactions);
	return 0;
}

void ernat_netlink_net_exit(struct ernat_net *en)
{
	ernat_transaction_forget_all(en);
}

int ernat_netlink_init(void)
{
	int err;

	err = netlink_register_notifier(&netlink_notifier);
	if (err)
		return err;
	err = genl_register_family(&ernat_genl_family);
	if (err)
		netlink_unregister_notifier(&netlink_notifier);
	else
		ernat_event_open();
	return err;
}

void ernat_netlink_exit(void)
{
	ernat_event_close();
	genl_unregister_family(&ernat_genl_family);
	netlink_unregister_notifier(&netlink_notifier);
}
