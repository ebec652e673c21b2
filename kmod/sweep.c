// SPDX-License-Identifier: GPL-2.0
#include <linux/jiffies.h>
#include <linux/ktime.h>
#include <net/netfilter/nf_conntrack.h>
#include <net/netfilter/nf_conntrack_core.h>
#include <net/netfilter/nf_conntrack_zones.h>

#include "adopt.h"
#include "alarm.h"
#include "host.h"
#include "session.h"
#include "sweep.h"

#define ADOPT_NS	(10 * NSEC_PER_SEC)
#define MAX_FOREIGN	16384	/* foreign ports asked about in one sweep */

/* Does another's conntrack entry still have the slot? */
static bool foreign_held(void *data, const struct ernat_port_key *key, u16 port,
			 u16 zone)
{
	struct nf_conntrack_tuple tuple = {};
	struct nf_conntrack_tuple_hash *h;
	struct nf_conntrack_zone z;
	struct ernat_net *en = data;
	struct nf_conn *ct;
	bool held;

	ernat_session_reply_tuple(key, port, &tuple);
	nf_ct_zone_init(&z, zone, NF_CT_DEFAULT_ZONE_DIR, 0);
	h = nf_conntrack_find_get(en->net, &z, &tuple);
	if (!h)
		return false;
	ct = nf_ct_tuplehash_to_ctrack(h);
	/* One that is translated to it can be adopted, if the slot is free. */
	held = !nf_ct_is_dying(ct) &&
	       NF_CT_DIRECTION(h) == IP_CT_DIR_ORIGINAL;
	nf_ct_put(ct);
	return held;
}

/*
 * Near its maximum conntrack waits for the entries that we still hold. A sweep that
 * took long, since it ended many, does not make the next one late.
 */
static unsigned long sweep_delay(const struct ernat_net *en,
				 unsigned long begun)
{
	u64 count = nf_conntrack_count(en->net);
	unsigned long spent = jiffies - begun;

	if (count * 10 > (u64)nf_conntrack_max * 9 || spent > HZ - HZ / 10)
		return HZ / 10;
	return HZ - spent;
}

/*
 * What helpers expected or conntrackd brought. The table is that of all namespaces:
 * a hundredth of a CPU is what all of them together may take for it.
 */
static void adopt(struct ernat_net *en)
{
	static DEFINE_MUTEX(lock);	/* of next */
	static u64 next;
	struct ernat_adoption result;
	u64 start = ktime_get_ns();

	if (start < en->next_adoption || !rcu_access_pointer(en->ruleset) ||
	    !mutex_trylock(&lock))
		return;
	if (start >= next) {
		ernat_adopt(en, false, &result);
		next = ktime_get_ns() + (ktime_get_ns() - start) * 100;
		en->next_adoption = start + ADOPT_NS;
	}
	mutex_unlock(&lock);
}

static void sweep_work(struct work_struct *work)
{
	struct ernat_net *en = container_of(to_delayed_work(work),
					    struct ernat_net, sweep);
	unsigned long begun = jiffies;
	u64 start = ktime_get_ns();

	ernat_session_walk(en, ernat_session_look);
	ernat_host_sweep(en);
	ernat_alarm_sweep(en);
	ernat_port_foreign_sweep(&en->ports, MAX_FOREIGN, foreign_held, en);
	ernat_count(en, ERNAT_STAT_SWEEPS);
	WRITE_ONCE(en->sweep_ns, ktime_get_ns() - start);
	adopt(en);
	queue_delayed_work(system_unbound_wq, &en->sweep, sweep_delay(en, begun));
}

void ernat_sweep_start(struct ernat_net *en)
{
	queue_delayed_work(system_unbound_wq, &en->sweep, HZ);
}

void ernat_sweep_net_init(struct ernat_net *en)
{
	INIT_DELAYED_WORK(&en->sweep, sweep_work);
}

void ernat_sweep_net_exit(struct ernat_net *en)
{
	cancel_delayed_work_sync(&en->sweep);
}
