/* SPDX-License-Identifier: GPL-2.0-or-later */
/* stats: every counter, by name and with its meaning, in one table. */
#ifndef _ERNAT_STATS_H
#define _ERNAT_STATS_H

#include <linux/ernat.h>

struct stat_info {
	const char *name; /* that of the enum in lower case: a JSON key */
	const char *meaning;
};

extern const struct stat_info stat_infos[ERNAT_STAT_MAX + 1];

#endif /* _ERNAT_STATS_H */
