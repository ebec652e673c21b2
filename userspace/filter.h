/* SPDX-License-Identifier: GPL-2.0-or-later */
/* filter: words of the command line that choose sessions. */
#ifndef _ERNAT_FILTER_H
#define _ERNAT_FILTER_H

#include <stdbool.h>
#include <libmnl/libmnl.h>

#define FILTER_SYNOPSIS                                                  \
	"[pool P] [rule R] [route-source S] [host A] [mapped A[:PORT]] " \
	"[dest A[:PORT]] [protocol P] [vrf V]"
#define FILTER_WORDS                                          \
	"pool=POOL rule=RULE route-source=SOURCE host=VALUE " \
	"mapped=VALUE dest=VALUE protocol=PROTOCOL vrf=DEVICE"

/*
 * Adds ERNAT_A_FILTER to a message; nothing where there are no words. False,
 * after one line on stderr that names it, when a word is wrong.
 */
bool filter_put(struct nlmsghdr *nlh, int argc, char **argv);

/* Says the same before there is a client: a usage error needs no kernel. */
bool filter_check(int argc, char **argv);

#endif /* _ERNAT_FILTER_H */
