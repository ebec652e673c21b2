/* SPDX-License-Identifier: GPL-2.0 */
/*
 * recount: ports held, for the pool that has their address by now. Part of port.
 */
#ifndef _ERNAT_RECOUNT_H
#define _ERNAT_RECOUNT_H

#include "port.h"

/**
 * ernat_recount - who owns the addresses has changed
 * @t: table
 * @owner: whose the address is now (NULL: as before), and how it is given out
 * @data: for @owner
 *
 * Holders go along with their address, into the lists of its use once this is done.
 * May sleep; one at a time.
 */
void ernat_recount(struct ernat_port_table *t,
		   struct ernat_account *(*owner)(void *data,
						  const struct ernat_port_key *key,
						  struct ernat_port_offer *offer),
		   void *data);

#endif /* _ERNAT_RECOUNT_H */
