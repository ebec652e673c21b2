/* SPDX-License-Identifier: GPL-2.0-or-later */
/* session: a live session as the kernel tells it, by its attributes. */
#ifndef _ERNAT_SESSION_H
#define _ERNAT_SESSION_H

#include <stdbool.h>
#include <libmnl/libmnl.h>
#include <linux/ernat.h>

#include "stream.h"

extern const struct stream_view session_view;

/* Into @tb[ERNAT_SESSION_MAX + 1]. False with errno EBADMSG when that is no session. */
bool session_parse(const struct nlattr **tb, const struct nlattr *nest);

/* As a JSON object with the keys that ernat(8) documents. */
void session_json(const char *key, const struct nlattr *const *tb);

/* "established" */
const char *session_state(const struct nlattr *const *tb);

#endif /* _ERNAT_SESSION_H */
