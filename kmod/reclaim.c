// SPDX-License-Identifier: GPL-2.0
#include <linux/jiffies.h>

#include "block.h"
#include "dest.h"
#include "reclaim.h"

/* What one packet may look at in search of a holder that gives way. */
#define RECLAIM_CLOSING	64
#define RECLAIM_LIVE	32
#define RECLAIM_REST	(HZ / 50)

void ernat_reclaim_closing(struct ernat_port_holder *holder)
{
	struct ernat_port_block *b = holder->block;

	RCU_LOCKDEP_WARN(!rcu_read_lock_held(), "a holder seen outside RCU");
	spin_lock_bh(&b->dest->lock);
	if (holder->state == ERNAT_PORT_LIVE) {
		holder->state = ERNAT_PORT_CLOSING;
		ernat_block_move(holder);
		b->use->rest = 0;
	}
	spin_unlock_bh(&b->dest->lock);
}

/* What one packet is looking for. */
struct reclaim {
	const struct ernat_ports *ports;
	enum ernat_reclaim_answer (*may)(struct ernat_port_holder *holder,
					 void *data);
	void *data;
	bool closing;		/* some holder is, if it gives way or not */
};

static bool reclaim_ask(struct reclaim *r, struct ernat_port_use *u,
			struct ernat_port_holder *h)
{
	enum ernat_reclaim_answer answer;

	if (unlikely(h->block->use != u)) {
		ernat_block_move(h);
		return false;
	}
	answer = r->may(h, r->data);
	if (answer == ERNAT_RECLAIM_NO) {
		/* It may have been closing, and have thought better of it. */
		h->state = ERNAT_PORT_LIVE;
		ernat_block_move(h);
		return false;
	}
	r->closing = true;
	/* The next packet is to see others first. */
	ernat_block_move(h);
	/* Of no use, where its port is not given out any more. */
	return answer == ERNAT_RECLAIM_YES && h->block->is_given &&
	       test_bit(h->port, r->ports->allowed);
}

static struct ernat_port_holder *reclaim_from(struct reclaim *r,
					      struct ernat_port_use *u,
					      struct list_head *list,
					      unsigned int n)
{
	struct ernat_port_holder *h;

	for (; n && !list_empty(list); n--) {
		h = list_first_entry(list, struct ernat_port_holder, node);
		if (reclaim_ask(r, u, h))
			return h;
	}
	return NULL;
}

static struct ernat_port_holder *use_reclaim(struct ernat_port_use *u,
					     struct reclaim *r)
{
	struct ernat_port_holder *h;

	lockdep_assert_held(&u->dest->lock);
	if (u->marked || (u->rest && time_before(jiffies, u->rest)))
		return NULL;
	h = reclaim_from(r, u, &u->closing, RECLAIM_CLOSING) ?:
	    reclaim_from(r, u, &u->live, RECLAIM_LIVE);
	u->rest = r->closing ? 0 : (jiffies + RECLAIM_REST) | 1;
	return h;
}

struct ernat_port_holder *
ernat_reclaim_find(struct ernat_port_table *t,
		   const struct ernat_dest_key *dest,
		   struct ernat_account *owner,
		   const struct ernat_ports *ports,
		   enum ernat_reclaim_answer (*may)(struct ernat_port_holder *holder,
						    void *data),
		   void *data)
{
	struct reclaim r = { .ports = ports, .may = may, .data = data };
	struct ernat_port_holder *h = NULL;
	struct ernat_port_use *u;

	u = ernat_dest_use(t, dest, owner);
	if (!u)
		return NULL;
	spin_lock_bh(&u->dest->lock);
	if (u->n_blocks)
		h = use_reclaim(u, &r);
	spin_unlock_bh(&u->dest->lock);
	return h;
}
