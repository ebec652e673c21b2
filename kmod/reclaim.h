/* SPDX-License-Identifier: GPL-2.0 */
/*
 * reclaim: which holder gives its port away when none is left. Part of port: it
 * knows the holders' order, and asks others about what they are.
 */
#ifndef _ERNAT_RECLAIM_H
#define _ERNAT_RECLAIM_H

#include "port.h"

/* Does a holder give way? */
enum ernat_reclaim_answer {
	ERNAT_RECLAIM_NO,		/* it is not closing */
	ERNAT_RECLAIM_NOT_NOW,		/* it is, but not to this one */
	ERNAT_RECLAIM_YES,
};

/* It may give way when ports run out. Any holder seen under RCU. */
void ernat_reclaim_closing(struct ernat_port_holder *holder);

/**
 * ernat_reclaim_find - find a holder that gives way
 * @t: table
 * @dest: destination
 * @owner: pool
 * @ports: those that would be given out again; so would the address have to be
 * @may: does it? Called under the destination's lock
 * @data: for @may
 *
 * Asks about closing holders, oldest first, and about some of the others, which
 * may have begun to close since somebody looked. Bounded; when none is closing,
 * the next packets do not ask again for a moment. Under RCU.
 *
 * Return: a holder, which still holds its port, or NULL.
 */
struct ernat_port_holder *
ernat_reclaim_find(struct ernat_port_table *t,
		   const struct ernat_dest_key *dest,
		   struct ernat_account *owner,
		   const struct ernat_ports *ports,
		   enum ernat_reclaim_answer (*may)(struct ernat_port_holder *holder,
						    void *data),
		   void *data);

#endif /* _ERNAT_RECLAIM_H */
