/* SPDX-License-Identifier: GPL-2.0 */
/* pool: addresses and ports given out, and how many are in use. */
#ifndef _ERNAT_POOL_H
#define _ERNAT_POOL_H

#include <linux/rhashtable.h>
#include "account.h"
#include "host.h"
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
 * @number: one more than that of the address before it
 * @account_node: in &ernat_account.addrs, under its lock, in the order of @number
 */
struct ernat_addr {
	struct rhash_head node;
	struct ernat_addr_key key;
	atomic_t sessions;
	u32 number;
	struct list_head account_node;
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
 * @hold: the slot
 * @host: whose it is
 * @addr: the pool address
 */
struct ernat_mapping {
	struct ernat_port_holder hold;
	struct ernat_host *host;
	struct ernat_addr *addr;
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

/**
 * ernat_pool_claim_exact - hold a mapping that a connection has already
 * @addr: address of @pool, in whatever state
 * @port: of it, not necessarily one that the pool would give out
 *
 * Neither host-limit nor pairing ask for a say.
 *
 * Return: 0, -EEXIST when it is held, -EINVAL for port 0, -ENOMEM.
 */
int ernat_pool_claim_exact(struct ernat_net *en, const struct ernat_pool *pool,
			   const struct ernat_pool_request *req,
			   const union nf_inet_addr *addr, u16 port,
			   struct ernat_mapping *map);
void ernat_pool_release(struct ernat_net *en, struct ernat_mapping *map);

/* What one destination can hold per protocol; @f: ernat_family_index(). */
u64 ernat_pool_capacity(const struct ernat_pool *pool, unsigned int f);

/* Makes the thresholds of @pool, which is complete but for them. */
void ernat_pool_set_alarms(struct ernat_pool *pool);

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

/*
 * Numbers the addresses that @pool gives out: as @old did, if they and their ports
 * are the same. @old: its definition before, or NULL.
 */
void ernat_pool_set_ring(struct ernat_pool *pool, const struct ernat_pool *old);

/* How it gives the address out toward the destination, if it does. */
void ernat_pool_offer(const struct ernat_pool *pool,
		      const struct ernat_port_key *key,
		      struct ernat_port_offer *offer);

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
