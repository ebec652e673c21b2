// SPDX-License-Identifier: GPL-2.0
#include <linux/module.h>
#include <linux/random.h>
#include <linux/slab.h>

#include "event.h"
#include "hook.h"
#include "host.h"
#include "net.h"
#include "netlink.h"
#include "pool.h"
#include "port.h"
#include "running.h"
#include "session.h"
#include "sweep.h"

#define CREATE_TRACE_POINTS
#include "trace.h"

unsigned int ernat_net_id __read_mostly;

u64 ernat_counter(const struct ernat_net *en, enum ernat_stat stat)
{
	u64 sum = 0;
	int cpu;

	for_each_possible_cpu(cpu)
		sum += READ_ONCE(per_cpu_ptr(en->stat, cpu)[stat]);
	return sum;
}

static int net_alloc(struct ernat_net *en)
{
	en->stat = __alloc_percpu_gfp(sizeof(u64) * __ERNAT_STAT_MAX,
				      __alignof__(u64), GFP_KERNEL_ACCOUNT);
	en->accounts = kvcalloc(ERNAT_ACCOUNT_BUCKETS, sizeof(*en->accounts),
				GFP_KERNEL_ACCOUNT);
	en->errbuf = kcalloc(ERNAT_ERRBUFS, sizeof(*en->errbuf),
			     GFP_KERNEL_ACCOUNT);
	return en->stat && en->accounts && en->errbuf ? 0 : -ENOMEM;
}

static void net_free(struct ernat_net *en)
{
	kfree(en->errbuf);
	kvfree(en->accounts);
	free_percpu(en->stat);
}

static int __net_init ernat_net_init(struct net *net)
{
	struct ernat_net *en = ernat_net(net);
	int err;

	en->net = net;
	mutex_init(&en->lock);
	mutex_init(&en->count_lock);
	spin_lock_init(&en->account_lock);
	en->secret = get_random_u32();
	err = net_alloc(en);
	if (err)
		goto err_free;
	err = ernat_port_table_init(&en->ports);
	if (err)
		goto err_free;
	err = ernat_host_net_init(en);
	if (err)
		goto err_port;
	err = ernat_pool_net_init(en);
	if (err)
		goto err_host;
	ernat_event_net_init(en);
	err = ernat_session_net_init(en);
	if (err)
		goto err_pool;
	ernat_sweep_net_init(en);
	err = ernat_netlink_net_init(en);
	if (err)
		goto err_session;
	return 0;

err_session:
	ernat_session_net_exit(en);
err_pool:
	ernat_pool_net_exit(en);
err_host:
	ernat_host_net_exit(en);
err_port:
	ernat_port_table_exit(&en->ports);
err_free:
	net_free(en);
	return err;
}

/* No packet meets a ruleset after this. */
static void __net_exit ernat_net_pre_exit(struct net *net)
{
	struct ernat_net *en = ernat_net(net);

	mutex_lock(&en->lock);
	ernat_hook_update(en, NULL);
	mutex_unlock(&en->lock);
}

static void __net_exit ernat_net_exit(struct net *net)
{
	struct ernat_net *en = ernat_net(net);

	/* The hooks are off; let those go that were under way. */
	synchronize_net();
	ernat_netlink_net_exit(en);
	ernat_sweep_net_exit(en);
	ernat_session_net_exit(en);
	/* Conntrack's own exit waits for the references that go now. */
	rcu_barrier();
	ernat_running_drop(en);
	ernat_event_net_exit(en);
	ernat_pool_net_exit(en);
	ernat_host_net_exit(en);
	ernat_port_table_exit(&en->ports);
	net_free(en);
}

static struct pernet_operations ernat_net_ops = {
	.init = ernat_net_init,
	.pre_exit = ernat_net_pre_exit,
	.exit = ernat_net_exit,
	.id = &ernat_net_id,
	.size = sizeof(struct ernat_net),
};

static int __init ernat_init(void)
{
	int err;

	err = ernat_ports_init();
	if (err)
		return err;
	err = ernat_port_init();
	if (err)
		goto err_ports;
	err = ernat_host_init();
	if (err)
		goto err_port;
	err = ernat_pool_init();
	if (err)
		goto err_host;
	err = ernat_session_init();
	if (err)
		goto err_pool;
	err = register_pernet_subsys(&ernat_net_ops);
	if (err)
		goto err_session;
	err = ernat_netlink_init();
	if (err)
		goto err_net;
	return 0;

err_net:
	unregister_pernet_subsys(&ernat_net_ops);
err_session:
	ernat_session_exit();
err_pool:
	ernat_pool_exit();
err_host:
	ernat_host_exit();
err_port:
	ernat_port_exit();
err_ports:
	ernat_ports_exit();
	return err;
}

static void __exit ernat_exit(void)
{
	ernat_netlink_exit();
	unregister_pernet_subsys(&ernat_net_ops);
	ernat_session_exit();
	ernat_pool_exit();
	ernat_host_exit();
	ernat_port_exit();
	ernat_ports_exit();
}

module_init(ernat_init);
module_exit(ernat_exit);

MODULE_DESCRIPTION("Source NAT by route source");
MODULE_LICENSE("GPL");
MODULE_VERSION(ERNAT_VERSION);
