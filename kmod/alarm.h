/* SPDX-License-Identifier: GPL-2.0 */
/*
 * alarm: starvation seen before it comes. A pool's alarm watches the share that
 * its busiest destination has of the ports, a host's alarm its sessions against
 * host-limit, conntrack's the table. Each is raised when one threshold is reached
 * and cleared when another, lower one is, on the way down.
 */
#ifndef _ERNAT_ALARM_H
#define _ERNAT_ALARM_H

#include "host.h"
#include "net.h"
#include "ruleset.h"

/*
 * A claim has found the threshold of @pool passed, with @used ports toward @dest.
 * Softirq-safe.
 */
void ernat_alarm_pool(struct ernat_net *en, const struct ernat_pool *pool,
		      const struct ernat_dest_key *dest, u32 used);

/*
 * Between these two the pools' addresses change, and the counts follow: nothing is raised
 * or cleared by the one and the other. The sweep waits meanwhile. May sleep.
 */
void ernat_alarm_hold(struct ernat_net *en);
void ernat_alarm_release(struct ernat_net *en);

/* The pool leaves the ruleset, its alarm goes with it. */
void ernat_alarm_end(struct ernat_net *en, const struct ernat_pool *pool);

/*
 * The alarm of @h was raised or cleared; of those that are raised, one a second is
 * told of for each pool. Softirq-safe, under RCU. Return: whether this one was.
 */
bool ernat_alarm_host(struct ernat_net *en, const struct ernat_host *h,
		      bool raised, u32 sessions);

/* Finds each pool's busiest destination, raises and clears. May sleep. */
void ernat_alarm_sweep(struct ernat_net *en);

/* A moment's copy, not older than a sweep. */
void ernat_alarm_busiest(struct ernat_account *pool,
			 struct ernat_busiest *busiest);

#endif /* _ERNAT_ALARM_H */
