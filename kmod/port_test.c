// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit tests of port.c and what it stands on, compiled into this module: it needs
 * no packets, no conntrack and no ernat.ko.
 */
#include <kunit/test.h>
#include <linux/module.h>
#include <linux/vmalloc.h>

#include "ip.c"
#include "ports.c"
#include "full.c"
#include "portset.c"
#include "account.c"
#include "dest.c"
#include "block.c"
#include "port.c"
#include "reclaim.c"
#include "recount.c"

/* What a test has. */
struct bench {
	struct ernat_net net;
	struct ernat_port_table table;
	struct ernat_account *pool[2];
	struct ernat_ports *ports;
	struct ernat_port_holder *holders;
	struct ernat_port_holder **held;	/* first those that hold a port */
	unsigned int n;				/* how many do */
	u32 used;
};

static const struct ernat_u16_range default_range = { 1024, 65535 };

static struct ernat_port_key make_key(u32 dest, u16 dport, u32 addr)
{
	struct ernat_port_key key = {};

	key.dest.addr.ip = htonl(dest);
	key.dest.port = dport;
	key.dest.protocol = IPPROTO_TCP;
	key.dest.family = NFPROTO_IPV4;
	key.addr.ip = htonl(addr);
	return key;
}

static void use_ports(struct kunit *test, const struct ernat_u16_range *v,
		      unsigned int n)
{
	struct bench *b = test->priv;

	ernat_ports_put(b->ports);
	b->ports = ernat_ports_new(v, n);
	KUNIT_ASSERT_NOT_NULL(test, b->ports);
}

/* Of a pool whose addresses have their last byte as number. */
static struct ernat_port_offer make_offer(const struct bench *b,
					  const struct ernat_port_key *key)
{
	return (struct ernat_port_offer) {
		.ports = b->ports,
		.ring = b->ports->id,
		.place = ntohl(key->addr.ip) & 0xff,
	};
}

static int take(struct bench *b, const struct ernat_port_key *key)
{
	const struct ernat_port_offer offer = make_offer(b, key);
	int err;

	err = ernat_port_claim(&b->table, key, b->pool[0], &offer,
			       b->held[b->n], &b->used);
	if (!err)
		b->n++;
	return err;
}

static void give(struct bench *b, unsigned int i)
{
	ernat_port_release(&b->table, b->held[i]);
	b->n--;
	swap(b->held[i], b->held[b->n]);
}

static void give_all(struct bench *b)
{
	while (b->n)
		give(b, b->n - 1);
}

static int accounts_init(struct kunit *test, struct bench *b)
{
	spin_lock_init(&b->net.account_lock);
	b->net.accounts = kunit_kcalloc(test, ERNAT_ACCOUNT_BUCKETS,
					sizeof(*b->net.accounts), GFP_KERNEL);
	if (!b->net.accounts)
		return -ENOMEM;
	b->pool[0] = ernat_account_get_by_name(&b->net, ERNAT_ACCOUNT_POOL,
					       "one");
	b->pool[1] = ernat_account_get_by_name(&b->net, ERNAT_ACCOUNT_POOL,
					       "two");
	return b->pool[0] && b->pool[1] ? 0 : -ENOMEM;
}

static int bench_init(struct kunit *test)
{
	struct bench *b = kunit_kzalloc(test, sizeof(*b), GFP_KERNEL);
	unsigned int i;

	if (!b)
		return -ENOMEM;
	b->holders = vzalloc(array_size(ERNAT_PORTS + 1, sizeof(*b->holders)));
	b->held = vzalloc(array_size(ERNAT_PORTS + 1, sizeof(*b->held)));
	b->ports = ernat_ports_new(&default_range, 1);
	test->priv = b;
	if (!b->holders || !b->held || !b->ports || accounts_init(test, b))
		return -ENOMEM;
	for (i = 0; i <= ERNAT_PORTS; i++)
		b->held[i] = &b->holders[i];
	return ernat_port_table_init(&b->table);
}

static void bench_exit(struct kunit *test)
{
	struct bench *b = test->priv;

	if (!b || !b->pool[1])
		return;
	give_all(b);
	ernat_port_table_exit(&b->table);
	KUNIT_EXPECT_EQ(test, refcount_read(&b->pool[0]->ref), 1u);
	KUNIT_EXPECT_EQ(test, refcount_read(&b->pool[1]->ref), 1u);
	ernat_account_put(b->pool[0]);
	ernat_account_put(b->pool[1]);
	ernat_ports_put(b->ports);
	vfree(b->held);
	vfree(b->holders);
}

static void test_list(struct kunit *test)
{
	static const struct ernat_u16_range v[] = {
		{ 5000, 5009 }, { 80, 80 }, { 5005, 5020 }, { 65535, 65535 },
	};
	struct bench *b = test->priv;
	unsigned int i;

	use_ports(test, v, ARRAY_SIZE(v));
	KUNIT_EXPECT_EQ(test, b->ports->n, 23u);
	KUNIT_EXPECT_EQ(test, b->ports->n_ranges, 3u);
	KUNIT_EXPECT_EQ(test, ernat_ports_nth(b->ports, 0), 80);
	KUNIT_EXPECT_EQ(test, ernat_ports_nth(b->ports, 1), 5000);
	KUNIT_EXPECT_EQ(test, ernat_ports_nth(b->ports, 21), 5020);
	KUNIT_EXPECT_EQ(test, ernat_ports_nth(b->ports, 22), 65535);
	KUNIT_EXPECT_EQ(test, ernat_ports_next(b->ports, 80), 5000);
	KUNIT_EXPECT_EQ(test, ernat_ports_next(b->ports, 65535), 80);
	for (i = 0; i < b->ports->n; i++)
		KUNIT_EXPECT_TRUE(test, test_bit(ernat_ports_nth(b->ports, i),
						 b->ports->allowed));
}

/* Every port of the list, each once, then -ENOSPC (invariant 2). */
static void fill(struct kunit *test, const struct ernat_port_key *key)
{
	struct bench *b = test->priv;
	unsigned long *seen = kunit_kzalloc(test, ERNAT_PORTS / 8, GFP_KERNEL);
	unsigned int i, dup = 0, outside = 0;

	KUNIT_ASSERT_NOT_NULL(test, seen);
	while (!take(b, key))
		cond_resched();
	KUNIT_EXPECT_EQ(test, b->n, b->ports->n);
	for (i = 0; i < b->n; i++) {
		dup += __test_and_set_bit(b->held[i]->port, seen);
		outside += !test_bit(b->held[i]->port, b->ports->allowed);
	}
	KUNIT_EXPECT_EQ(test, dup, 0u);
	KUNIT_EXPECT_EQ(test, outside, 0u);
	KUNIT_EXPECT_EQ(test, take(b, key), -ENOSPC);
}

static void test_fill(struct kunit *test)
{
	struct ernat_port_key key = make_key(0x01020304, 443, 0xc6336401);
	struct bench *b = test->priv;
	u16 port;

	fill(test, &key);
	/* One comes back: that one is found again. */
	port = b->held[77]->port;
	give(b, 77);
	KUNIT_EXPECT_EQ(test, take(b, &key), 0);
	KUNIT_EXPECT_EQ(test, b->held[b->n - 1]->port, port);
	/* Another destination, another address, another protocol: all free. */
	key.dest.port = 444;
	KUNIT_EXPECT_EQ(test, take(b, &key), 0);
}

/* Ranges that begin and end inside and at the edges of chunks and words. */
static void test_edges(struct kunit *test)
{
	static const struct ernat_u16_range v[] = {
		{ 1, 1 }, { 1023, 1024 }, { 2047, 2047 }, { 2111, 2113 },
		{ 3072, 4095 }, { 40000, 40600 }, { 65472, 65535 },
	};
	struct ernat_port_key key = make_key(0x01020304, 443, 0xc6336401);
	struct bench *b = test->priv;
	unsigned int n;

	use_ports(test, v, ARRAY_SIZE(v));
	fill(test, &key);
	give_all(b);
	for (n = 1; n <= ARRAY_SIZE(v); n++) {
		use_ports(test, v, n);
		fill(test, &key);
		give_all(b);
	}
}

/* A list that changes under live ports: what is held stays held. */
static void test_list_changes(struct kunit *test)
{
	static const struct ernat_u16_range small = { 2000, 2009 };
	struct ernat_port_key key = make_key(0x01020304, 443, 0xc6336401);
	struct bench *b = test->priv;
	unsigned int i;

	use_ports(test, &small, 1);
	for (i = 0; i < 10; i++)
		KUNIT_EXPECT_EQ(test, take(b, &key), 0);
	KUNIT_EXPECT_EQ(test, take(b, &key), -ENOSPC);
	use_ports(test, &default_range, 1);
	while (!take(b, &key))
		cond_resched();
	KUNIT_EXPECT_EQ(test, b->n, b->ports->n);
}

static u64 next_after(struct bench *b, u64 place)
{
	struct ernat_port_key key = make_key(1, 1, 0);

	return ernat_port_next(&b->table, &key.dest, b->ports->id, place, 256);
}

/* Full addresses are passed over in runs, however they fill and free. */
static void test_full_addresses(struct kunit *test)
{
	static const struct ernat_u16_range one = { 7, 7 };
	struct bench *b = test->priv;
	struct ernat_port_key key;
	u32 i;

	use_ports(test, &one, 1);
	for (i = 0; i < 256; i++) {
		u32 a = 0x0a000000 + ((i * 167) & 255);	/* each once */

		key = make_key(1, 1, a);
		KUNIT_EXPECT_EQ(test, take(b, &key), 0);
		KUNIT_EXPECT_EQ(test, take(b, &key), -ENOSPC);
	}
	KUNIT_EXPECT_EQ(test, next_after(b, 0), ERNAT_PORT_NO_PLACE);
	KUNIT_EXPECT_EQ(test, next_after(b, 255), ERNAT_PORT_NO_PLACE);
	for (i = 0; i < b->n; i++)
		if (ernat_port_block_key(b->held[i]->block)->addr.ip ==
		    htonl(0x0a000080))
			break;
	KUNIT_ASSERT_LT(test, i, b->n);
	give(b, i);
	KUNIT_EXPECT_EQ(test, next_after(b, 0), 0x80ull);
	KUNIT_EXPECT_EQ(test, next_after(b, 0x7f), 0x80ull);
	KUNIT_EXPECT_EQ(test, next_after(b, 0x80), 0x80ull);
	KUNIT_EXPECT_EQ(test, next_after(b, 255), 0x80ull);
	/* In another numbering none is known to be full. */
	use_ports(test, &one, 1);
	KUNIT_EXPECT_EQ(test, next_after(b, 0), 1ull);
	key = make_key(1, 1, 0x0a000001);
	KUNIT_EXPECT_EQ(test, take(b, &key), -ENOSPC);
	KUNIT_EXPECT_EQ(test, next_after(b, 0), 2ull);
	/* Another destination knows nothing of all this. */
	key = make_key(1, 2, 0);
	KUNIT_EXPECT_EQ(test, ernat_port_next(&b->table, &key.dest,
					      b->ports->id, 0, 256), 1ull);
}

/* What is made of a tree is what a plain set says, in every order. */
static void test_full_property(struct kunit *test)
{
	DECLARE_BITMAP(model, 64) = {};
	struct rb_root root = RB_ROOT;
	unsigned int step, place, wrong = 0;

	for (step = 0; step < 20000; step++) {
		place = ernat_random_below(64);
		if (ernat_random_below(2)) {
			wrong += !ernat_full_add(&root, 7, place);
			__set_bit(place, model);
		} else {
			ernat_full_del(&root, 7, place);
			__clear_bit(place, model);
		}
		place = ernat_random_below(64);
		wrong += ernat_full_skip(&root, 7, place) !=
			 find_next_zero_bit(model, 64, place);
		wrong += ernat_full_skip(&root, 6, place) != place;
		wrong += ernat_full_skip(&root, 8, place) != place;
	}
	KUNIT_EXPECT_EQ(test, wrong, 0u);
	ernat_full_clear(&root);
	KUNIT_EXPECT_TRUE(test, RB_EMPTY_ROOT(&root));
}

/* At random against a plain set, through all forms a block takes. */
static void test_property(struct kunit *test)
{
	struct ernat_port_key key = make_key(0x01020304, 443, 0xc6336401);
	unsigned long *model = kunit_kzalloc(test, ERNAT_PORTS / 8, GFP_KERNEL);
	struct bench *b = test->priv;
	unsigned int step, goal, wrong = 0;

	KUNIT_ASSERT_NOT_NULL(test, model);
	for (step = 0; step < 60000; step++) {
		/* Walk up and down past the change from set to bitmap. */
		goal = (step / 5000) % 2 ? 40 : 3000;
		if (b->n && ernat_random_below(b->n + goal) >= goal) {
			unsigned int i = ernat_random_below(b->n);

			wrong += !__test_and_clear_bit(b->held[i]->port, model);
			give(b, i);
		} else if (!take(b, &key)) {
			wrong += __test_and_set_bit(b->held[b->n - 1]->port,
						    model);
		}
		if (!(step % 1024)) {
			wrong += bitmap_weight(model, ERNAT_PORTS) != b->n;
			cond_resched();
		}
	}
	KUNIT_EXPECT_EQ(test, wrong, 0u);
}

static const struct ernat_port_use *use_of(struct bench *b,
					   const struct ernat_port_key *key,
					   unsigned int pool)
{
	const struct ernat_port_use *u;

	/* Nobody else is here who could take it away. */
	rcu_read_lock();
	u = ernat_dest_use(&b->table, &key->dest, b->pool[pool]);
	rcu_read_unlock();
	return u;
}

/* The port that the bench's holder @i has gives way. */
static enum ernat_reclaim_answer is_holder(struct ernat_port_holder *holder,
					   void *data)
{
	return holder == data ? ERNAT_RECLAIM_YES : ERNAT_RECLAIM_NOT_NOW;
}

static enum ernat_reclaim_answer is_any(struct ernat_port_holder *holder,
					void *data)
{
	return ERNAT_RECLAIM_YES;
}

static enum ernat_reclaim_answer is_closing(struct ernat_port_holder *holder,
					    void *data)
{
	return holder->state == ERNAT_PORT_CLOSING ? ERNAT_RECLAIM_YES :
						     ERNAT_RECLAIM_NOT_NOW;
}

static enum ernat_reclaim_answer is_not(struct ernat_port_holder *holder,
					void *data)
{
	return ERNAT_RECLAIM_NO;
}

static struct ernat_port_holder *
reclaim(struct bench *b, const struct ernat_port_key *key,
	enum ernat_reclaim_answer (*may)(struct ernat_port_holder *holder,
					 void *data), void *data)
{
	struct ernat_port_holder *h;

	rcu_read_lock();
	h = ernat_reclaim_find(&b->table, &key->dest, b->pool[0], b->ports,
			       may, data);
	rcu_read_unlock();
	return h;
}

/* Those that close give way, oldest first; of the others some are asked. */
static void test_reclaim(struct kunit *test)
{
	static const struct ernat_u16_range one = { 7, 7 };
	struct ernat_port_key key = make_key(1, 443, 1), other;
	struct bench *b = test->priv;
	unsigned int i;

	other = make_key(1, 443, 2);
	KUNIT_EXPECT_NULL(test, reclaim(b, &key, is_any, NULL));
	for (i = 0; i < 100; i++)
		KUNIT_EXPECT_EQ(test, take(b, i % 2 ? &key : &other), 0);
	KUNIT_EXPECT_NULL(test, reclaim(b, &key, is_closing, NULL));
	rcu_read_lock();
	ernat_reclaim_closing(b->held[70]);
	ernat_reclaim_closing(b->held[30]);
	ernat_reclaim_closing(b->held[30]);
	rcu_read_unlock();
	KUNIT_EXPECT_PTR_EQ(test, reclaim(b, &key, is_closing, NULL),
			    b->held[70]);
	give(b, 70);
	KUNIT_EXPECT_PTR_EQ(test, reclaim(b, &key, is_any, NULL), b->held[30]);
	give(b, 30);
	KUNIT_EXPECT_NULL(test, reclaim(b, &key, is_closing, NULL));
	/* One that nobody has noticed is come upon by and by. */
	for (i = 0; i < 100 / RECLAIM_LIVE + 1; i++)
		if (reclaim(b, &key, is_holder, b->held[50]))
			break;
	KUNIT_EXPECT_LE(test, i, 100u / RECLAIM_LIVE);
	other = make_key(1, 444, 1);
	KUNIT_EXPECT_NULL(test, reclaim(b, &other, is_any, NULL));
	/* When none is closing, one look a while is enough. */
	KUNIT_EXPECT_NULL(test, reclaim(b, &key, is_not, NULL));
	KUNIT_EXPECT_NULL(test, reclaim(b, &key, is_any, NULL));
	rcu_read_lock();
	ernat_reclaim_closing(b->held[10]);
	rcu_read_unlock();
	KUNIT_EXPECT_PTR_EQ(test, reclaim(b, &key, is_any, NULL), b->held[10]);
	/* What is not given out any more helps nobody. */
	use_ports(test, &one, 1);
	KUNIT_EXPECT_NULL(test, reclaim(b, &key, is_any, NULL));
}

static void test_exact(struct kunit *test)
{
	struct ernat_port_key key = make_key(1, 443, 1);
	struct ernat_port_offer offer;
	struct bench *b = test->priv;
	int i;

	offer = make_offer(b, &key);
	KUNIT_EXPECT_EQ(test, ernat_port_claim_exact(&b->table, &key,
						     b->pool[0], 0, &offer,
						     b->held[0]), -EINVAL);
	/* Outside the list too; those inside are given out once. */
	for (i = 1; i <= 2000; i++) {
		KUNIT_EXPECT_EQ(test,
				ernat_port_claim_exact(&b->table, &key,
						       b->pool[0], i, &offer,
						       b->held[b->n]), 0);
		b->n++;
	}
	KUNIT_EXPECT_EQ(test, ernat_port_claim_exact(&b->table, &key,
						     b->pool[0], 1500, &offer,
						     b->held[b->n]), -EEXIST);
	while (!take(b, &key))
		cond_resched();
	KUNIT_EXPECT_EQ(test, b->n, b->ports->n + 1023);
	KUNIT_EXPECT_EQ(test, use_of(b, &key, 0)->used, b->n);
}

static unsigned int count_holders(const struct ernat_port_use *u)
{
	const struct ernat_port_holder *h;
	unsigned int n = 0;

	list_for_each_entry(h, &u->live, node)
		n++;
	list_for_each_entry(h, &u->closing, node)
		n++;
	return n;
}

static unsigned int recount_pool;
static bool recount_given;

static struct ernat_account *recount_owner(void *data,
					   const struct ernat_port_key *key,
					   struct ernat_port_offer *offer)
{
	struct bench *b = data;

	*offer = make_offer(b, key);
	if (key->addr.ip == htonl(1) && !recount_given)
		offer->ports = NULL;
	return key->addr.ip == htonl(1) ? b->pool[recount_pool] : NULL;
}

/* An address drains, comes back, goes to another pool; its sessions with it. */
static void test_recount(struct kunit *test)
{
	struct ernat_port_key key = make_key(1, 443, 1), other;
	struct bench *b = test->priv;
	unsigned int i;

	other = make_key(1, 443, 2);
	for (i = 0; i < 1200; i++)
		KUNIT_EXPECT_EQ(test, take(b, i % 3 ? &key : &other), 0);
	KUNIT_EXPECT_EQ(test, b->used, 1200u);
	recount_pool = 0;
	recount_given = false;
	ernat_recount(&b->table, recount_owner, b);
	KUNIT_EXPECT_EQ(test, use_of(b, &key, 0)->used, 400u);
	KUNIT_EXPECT_EQ(test, use_of(b, &key, 0)->sessions, 1200u);
	give(b, 1);
	KUNIT_EXPECT_EQ(test, use_of(b, &key, 0)->used, 400u);
	KUNIT_EXPECT_EQ(test, take(b, &key), 0);
	KUNIT_EXPECT_EQ(test, b->used, 1200u);

	rcu_read_lock();
	ernat_reclaim_closing(b->held[4]);
	rcu_read_unlock();
	recount_pool = 1;
	recount_given = true;
	ernat_recount(&b->table, recount_owner, b);
	KUNIT_EXPECT_EQ(test, use_of(b, &key, 0)->sessions, 400u);
	KUNIT_EXPECT_EQ(test, use_of(b, &key, 0)->used, 400u);
	KUNIT_EXPECT_EQ(test, use_of(b, &key, 1)->sessions, 800u);
	KUNIT_EXPECT_EQ(test, use_of(b, &key, 1)->used, 800u);
	KUNIT_EXPECT_EQ(test, count_holders(use_of(b, &key, 0)), 400u);
	KUNIT_EXPECT_EQ(test, count_holders(use_of(b, &key, 1)), 800u);
	KUNIT_EXPECT_NULL(test, reclaim(b, &key, is_closing, NULL));
	KUNIT_EXPECT_PTR_EQ(test, list_first_entry(&use_of(b, &key, 1)->closing,
						   struct ernat_port_holder,
						   node), b->held[4]);
	for (i = b->n; i--;)
		if (b->held[i]->block->key.addr.ip == htonl(2))
			give(b, i);
	KUNIT_EXPECT_NULL(test, use_of(b, &key, 0));
	KUNIT_EXPECT_EQ(test, use_of(b, &key, 1)->sessions, 800u);
}

/* Full is known from the ruleset on, not from the first failure. */
static void test_recount_full(struct kunit *test)
{
	static const struct ernat_u16_range two = { 10, 11 }, one = { 10, 10 };
	struct ernat_port_key key = make_key(1, 1, 1);
	struct bench *b = test->priv;

	use_ports(test, &two, 1);
	KUNIT_EXPECT_EQ(test, take(b, &key), 0);
	KUNIT_EXPECT_EQ(test, take(b, &key), 0);
	KUNIT_EXPECT_EQ(test, next_after(b, 0), 2ull);
	use_ports(test, &one, 1);
	recount_pool = 0;
	recount_given = true;
	ernat_recount(&b->table, recount_owner, b);
	KUNIT_EXPECT_EQ(test, next_after(b, 0), 2ull);
	use_ports(test, &default_range, 1);
	ernat_recount(&b->table, recount_owner, b);
	KUNIT_EXPECT_EQ(test, next_after(b, 0), 1ull);
	KUNIT_EXPECT_EQ(test, take(b, &key), 0);
}

static bool foreign_lives;

static bool foreign_asked(void *data, const struct ernat_port_key *key,
			  u16 port, u16 zone)
{
	return foreign_lives;
}

static void test_foreign(struct kunit *test)
{
	static const struct ernat_u16_range two = { 10, 11 };
	struct ernat_port_key key = make_key(1, 1, 1);
	struct bench *b = test->priv;
	const struct ernat_port_use *u;

	use_ports(test, &two, 1);
	KUNIT_EXPECT_EQ(test, take(b, &key), 0);
	ernat_port_foreign_add(&b->table, b->held[--b->n], 0);
	u = use_of(b, &key, 0);
	KUNIT_EXPECT_EQ(test, u->sessions, 0u);
	KUNIT_EXPECT_EQ(test, u->used, 1u);
	KUNIT_EXPECT_EQ(test, take(b, &key), 0);
	KUNIT_EXPECT_EQ(test, take(b, &key), -ENOSPC);
	foreign_lives = true;
	ernat_port_foreign_sweep(&b->table, 100, foreign_asked, NULL);
	KUNIT_EXPECT_EQ(test, take(b, &key), -ENOSPC);
	foreign_lives = false;
	ernat_port_foreign_sweep(&b->table, 100, foreign_asked, NULL);
	KUNIT_EXPECT_EQ(test, take(b, &key), 0);
}

/* Not in any order that a neighbour could guess (RFC 6056). */
static void test_spread(struct kunit *test)
{
	struct ernat_port_key key = make_key(0x01020304, 443, 0xc6336401);
	struct bench *b = test->priv;
	unsigned int i, near = 0;

	for (i = 0; i < 1000; i++)
		KUNIT_EXPECT_EQ(test, take(b, &key), 0);
	for (i = 1; i < 1000; i++)
		near += abs((int)b->held[i]->port - b->held[i - 1]->port) < 64;
	KUNIT_EXPECT_LT(test, near, 20u);
}

static struct kunit_case port_cases[] = {
	KUNIT_CASE(test_list),
	KUNIT_CASE(test_fill),
	KUNIT_CASE(test_edges),
	KUNIT_CASE(test_list_changes),
	KUNIT_CASE(test_full_addresses),
	KUNIT_CASE(test_full_property),
	KUNIT_CASE(test_property),
	KUNIT_CASE(test_foreign),
	KUNIT_CASE(test_reclaim),
	KUNIT_CASE(test_exact),
	KUNIT_CASE(test_recount),
	KUNIT_CASE(test_recount_full),
	KUNIT_CASE(test_spread),
	{}
};

static int port_suite_init(struct kunit_suite *suite)
{
	int err = ernat_ports_init();

	return err ?: ernat_port_init();
}

static void port_suite_exit(struct kunit_suite *suite)
{
	ernat_port_exit();
	ernat_ports_exit();
}

static struct kunit_suite port_suite = {
	.name = "ernat_port",
	.init = bench_init,
	.exit = bench_exit,
	.suite_init = port_suite_init,
	.suite_exit = port_suite_exit,
	.test_cases = port_cases,
};

kunit_test_suite(port_suite);

MODULE_DESCRIPTION("KUnit tests of ernat's ports");
MODULE_LICENSE("GPL");
