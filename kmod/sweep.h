/* SPDX-License-Identifier: GPL-2.0 */
/*
 * sweep: once a second, all that nobody else tells of: connections that ended, hosts
 * that have gone, ports that others have let go of, alarms, connections to adopt.
 */
#ifndef _ERNAT_SWEEP_H
#define _ERNAT_SWEEP_H

#include "net.h"

/* From now on, as long as the namespace lives. */
void ernat_sweep_start(struct ernat_net *en);

void ernat_sweep_net_init(struct ernat_net *en);
/* It is over when this returns. */
void ernat_sweep_net_exit(struct ernat_net *en);

#endif /* _ERNAT_SWEEP_H */
