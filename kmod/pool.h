/* SPDX-License-Identifier: GPL-2.0 */
/* pool: hosts, the addresses they are paired with, and what is in use. */
#ifndef _ERNAT_POOL_H
#define _ERNAT_POOL_H

#include <linux/rhashtable.h>
#include "account.h"
#include "net.h"
#include "ruleset.h"

struct ernat_addr_key {
	struct ernat_account *pool;
	union nf_inet_addr addr;
	u32 family;
	u32 pad;
};

/**
 * struct ernat_addr - a pool address in use
 * @sessions: live ones; the address goes with the last
 * @account_node: in &ernat_account.addrs, under its lock
 */
struct ernat_addr {
	struct rhash_head node;
	struct ernat_addr_key key;
	atomic_t sessions;
	struct list_head account_node;
	struct rcu_head rcu;
};

struct ernat_host_key {
	struct ernat_account *pool;
	union nf_inet_addr addr;
	u32 family;
	u32 zone;
};

/**
 * struct ernat_host - an inside address in its zone, as a user of one pool
 * @sessions: live ones; the host goes with the last
 * @lock: of @paired and @is_paired; bottom halves off, innermost
 * @paired: pool address that its sessions share (RFC 4787 REQ-2)
 */
struct ernat_host {
	struct rhash_head node;
	struct ernat_host_key key;
	atomic_t sessions;
	spinlock_t lock;	/* of the two below */
	bool is_paired;
	union nf_inet_addr paired;
	struct rcu_head rcu;
};

/**
 * struct ernat_pool_request - what a connection needs
 * @family: of everything here
 * @zone: conntrack zone of the host
 * @host: inside source address
 * @dest: where it goes
 * @has_ports: the protocol has ports (or an ICMP id)
 * @taken: does a conntrack entry of others hold this mapping? Called without
 *	any lock of ours
 * @data: for @taken
 */
struct ernat_pool_request {
	u8 family;
	bool has_ports;
	u16 zone;
	union nf_inet_addr host;
	struct ernat_dest_key dest;
	bool (*taken)(void *data, const union nf_inet_addr *addr, u16 port);
	void *data;
};

/**
 * struct ernat_mapping - what a connection got; ernat_pool_release() gives it back
 * @port: host order, ERNAT_PORTLESS where there are none
 */
struct ernat_mapping {
	struct ernat_host *host;
	struct ernat_addr *addr;
	struct ernat_port_block *block;
	u16 port;
};

/**
 * ernat_pool_claim - find an address and a port, and hold them
 * @en: namespace
 * @pool: to take from; its overflow is the caller's business
 * @req: the need
 * @map: the result
 *
 * The host's own address first, as long as it has a free port (RFC 4787 REQ-2),
 * then the addresses that follow. Softirq-safe, under RCU.
 *
 * Return: 0, -EADDRNOTAVAIL (no active address of the family), -EDQUOT
 * (host-limit), -ENOSPC (no port free), -ENOMEM.
 */
int ernat_pool_claim(struct ernat_net *en, const struct ernat_pool *pool,
		     const struct ernat_pool_request *req,
		     struct ernat_mapping *map);
void ernat_pool_release(struct ernat_net *en, const struct ernat_mapping *map);

int ernat_pool_net_init(struct ernat_net *en);
void ernat_pool_net_exit(struct ernat_net *en);
int ernat_pool_init(void);
void ernat_pool_exit(void);

/* Does @pool (any state, overflow not followed) have the address? */
bool ernat_pool_has(const struct ernat_pool *pool, u8 family,
		    const union nf_inet_addr *addr);
/* Does it give the address out? */
bool ernat_pool_gives(const struct ernat_pool *pool, u8 family,
		      const union nf_inet_addr *addr);

/**
 * ernat_pool_preferred - address that a host would get first
 * @paired: whether the host holds it already
 *
 * Return: 0, or -ENOENT when the pool gives out no address of the family.
 * Softirq-safe, under RCU.
 */
int ernat_pool_preferred(struct ernat_net *en, const struct ernat_pool *pool,
			 u8 family, u32 zone, const union nf_inet_addr *host,
			 union nf_inet_addr *addr, bool *paired);

/* Sessions on addresses of @account from @first to @last. Under RCU. */
u64 ernat_pool_range_sessions(struct ernat_account *account, u8 family,
			      struct ernat_ip first, struct ernat_ip last);

#endif /* _ERNAT_POOL_H */
