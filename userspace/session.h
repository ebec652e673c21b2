/* SPDX-License-Identifier: GPL-2.0-or-later */
/* session: a live session as the kernel tells it. */
#ifndef _ERNAT_SESSION_H
#define _ERNAT_SESSION_H

#include <stdbool.h>
#include <libmnl/libmnl.h>
#include <linux/ernat.h>

/* struct session - its attributes by type */
struct session {
	const struct nlattr *tb[ERNAT_SESSION_MAX + 1];
};

/* False with errno EBADMSG when that is no session. */
bool session_parse(struct session *s, const struct nlattr *nest);

/* As a JSON object with the keys that ernat(8) documents. */
void session_json(const char *key, const struct session *s);

/* "established" */
const char *session_state(const struct session *s);

#endif /* _ERNAT_SESSION_H */
