/* SPDX-License-Identifier: GPL-2.0-or-later */
/* status: what the module says of itself and its ruleset. */
#ifndef _ERNAT_STATUS_H
#define _ERNAT_STATUS_H

#include <stdbool.h>
#include <stdint.h>
#include <linux/ernat.h>

#include "client.h"

struct status {
	char version[64];
	uint32_t generation; /* 0: no ruleset */
	uint64_t age;
	char file[4096]; /* "": unknown */
	char hash[65]; /* in hexadecimal; "": unknown */
	char router[ERNAT_NAME_MAX];
	uint32_t sets;
	uint32_t pools;
	uint32_t sources;
	uint32_t rules;
	uint64_t sessions;
	uint32_t ct_count;
	uint32_t ct_max;
	bool ct_alarm;
};

/* Returns 0 or -errno; client_perror() says why. */
int status_get(struct client *c, struct status *status);

#endif /* _ERNAT_STATUS_H */
