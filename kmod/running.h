/* SPDX-License-Identifier: GPL-2.0 */
/* running: which ruleset is in force. */
#ifndef _ERNAT_RUNNING_H
#define _ERNAT_RUNNING_H

#include "net.h"
#include "ruleset.h"

/**
 * ernat_running_set - put a ruleset in force
 * @en: namespace, under its lock
 * @rs: compiled; on success it is the namespace's
 *
 * Return: 0 or -errno, with nothing changed. May sleep.
 */
int ernat_running_set(struct ernat_net *en, struct ernat_ruleset *rs);

/* Ends every session, then takes ruleset and hooks away. May sleep. */
void ernat_running_flush(struct ernat_net *en);

/* The namespace ends and its hooks are off; sessions have ended. */
void ernat_running_drop(struct ernat_net *en);

#endif /* _ERNAT_RUNNING_H */
