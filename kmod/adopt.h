/* SPDX-License-Identifier: GPL-2.0 */
/*
 * adopt: connections that are there already. One whose source is translated to a
 * pool's address becomes a session, whoever translated it: an ernat before this
 * one, conntrackd, a helper's expectation.
 */
#ifndef _ERNAT_ADOPT_H
#define _ERNAT_ADOPT_H

#include "net.h"

/**
 * struct ernat_adoption - what a pass did
 * @adopted: sessions made
 * @ended: connections deleted
 */
struct ernat_adoption {
	u64 adopted;
	u64 ended;
};

/**
 * ernat_adopt - one pass over conntrack
 * @en: namespace
 * @judge: decide each connection again, and delete those that a snat rule matches
 *	and that are not translated as it says
 * @result: what was done
 *
 * May sleep; takes no lock for longer than some connections.
 */
void ernat_adopt(struct ernat_net *en, bool judge,
		 struct ernat_adoption *result);

#endif /* _ERNAT_ADOPT_H */
