/* SPDX-License-Identifier: GPL-2.0 */
/*
 * transaction: a ruleset in the making.
 *
 * It belongs to a socket, of which it holds a reference, so that no other can
 * be taken for it. It ends with the socket, with COMMIT or ABORT, or, once an
 * object was refused, when the socket begins another. All of it is under &ernat_net.lock.
 */
#ifndef _ERNAT_TRANSACTION_H
#define _ERNAT_TRANSACTION_H

#include <linux/rbtree.h>
#include <net/sock.h>
#include "net.h"
#include "netlink.h"
#include "ruleset.h"

/* What has a name of its own. */
enum ernat_named {
	ERNAT_NAMED_SET,
	ERNAT_NAMED_POOL,
	ERNAT_NAMED_SOURCE,
	ERNAT_NAMED_RULE,
	ERNAT_NAMED_ROUTER,
};

/**
 * struct ernat_transaction - a ruleset in the making
 * @sk: whose it is
 * @cookie: that each message has to carry
 * @extack: of the message at hand
 * @refused: an object was refused: it cannot be committed
 * @rs: what has been added
 * @seed: of @names
 * @names: struct name, by kind and name
 * @taken: members of pools, by family and address
 * @blocks: memory of @taken
 * @ports: struct known_ports, by their ranges: those of the running ruleset,
 *	and of the pools so far
 * @usual_ports: of the pools that name none
 * @userdata: bytes of all objects
 * @n_matches: keys so far that name sets
 * @open_set: set that was added last, and may be continued
 * @open_pool: likewise
 * @settled: the open one was judged
 */
struct ernat_transaction {
	struct list_head node;
	struct ernat_net *en;
	struct sock *sk;
	u64 cookie;
	struct netlink_ext_ack *extack;
	bool refused;
	struct ernat_ruleset *rs;
	u32 seed;
	struct hlist_head *names;
	struct rb_root taken[2];
	struct list_head blocks;
	struct hlist_head *ports;
	struct ernat_ports *usual_ports;
	size_t userdata;
	u32 n_matches;
	struct ernat_set *open_set;
	struct ernat_pool *open_pool;
	bool settled;
};

/* ernat_err() for the message at hand. */
__printf(4, 5)
int ernat_refuse(struct ernat_transaction *tr, const struct nlattr *attr,
		 int err, const char *fmt, ...);

/* Opens @sk's transaction; one that was refused is forgotten. */
int ernat_transaction_begin(struct ernat_net *en, struct sock *sk,
			    struct netlink_ext_ack *extack, u64 *cookie);
struct ernat_transaction *ernat_transaction_find(struct ernat_net *en,
						 const struct sock *sk,
						 u64 cookie);
void ernat_transaction_free(struct ernat_transaction *tr);
/* Those whose socket was closed. */
void ernat_transaction_forget(struct ernat_net *en);
/* All, when the namespace ends. */
void ernat_transaction_forget_all(struct ernat_net *en);

/**
 * ernat_transaction_commit - compile, and make it the running ruleset
 * @tr: transaction; its ruleset is gone from it on success
 * @check: stop short of that
 *
 * Return: 0 or -errno; nothing has changed then.
 */
int ernat_transaction_commit(struct ernat_transaction *tr, bool check);

/* Names; @object is what ernat_transaction_named() returns. */
int ernat_transaction_name(struct ernat_transaction *tr, enum ernat_named kind,
			   const char *name, void *object);
void *ernat_transaction_named(const struct ernat_transaction *tr,
			      enum ernat_named kind, const char *name);

/* Counts @n more ranges or entries of lists. */
int ernat_transaction_charge(struct ernat_transaction *tr,
			     const struct nlattr *attr, unsigned int n);

/*
 * A reference to a port list, the same as ever where it is the same; @n 0: the
 * usual ports.
 */
struct ernat_ports *ernat_transaction_ports(struct ernat_transaction *tr,
					    const struct ernat_u16_range *v,
					    unsigned int n);

/**
 * ernat_transaction_settle - judge the set or pool that was added last
 * @attr: to be pointed at when it is refused
 *
 * To be called when nothing can be added to it any more.
 */
int ernat_transaction_settle(struct ernat_transaction *tr,
			     const struct nlattr *attr);
/* It is continued after all. */
void ernat_transaction_unsettle(struct ernat_transaction *tr);

#endif /* _ERNAT_TRANSACTION_H */
