/* SPDX-License-Identifier: GPL-2.0-or-later */
/* event: what the kernel tells when it happens, of the ring or of a multicast group. */
#ifndef _ERNAT_EVENT_H
#define _ERNAT_EVENT_H

#include <stdbool.h>
#include <stdint.h>
#include <libmnl/libmnl.h>
#include <linux/ernat.h>

#include "stream.h"

/* "show event"; also what reads, filters and prints the events of "monitor" */
extern const struct stream_view event_view;

/* Into @tb[ERNAT_EVENT_MAX + 1]. False with errno EBADMSG when that is no event. */
bool event_parse(const struct nlattr **tb, const struct nlmsghdr *nlh);
bool event_matches(const struct filter *f, const struct nlattr *const *tb);

/* A line: "2026-11-23 02:50:01.123 alarm raised: ..." */
void event_line(const struct nlattr *const *tb);
/* A JSON object with the keys that ernat(8) documents. */
void event_json(const struct nlattr *const *tb);

/* Why a connection got no mapping, as in JSON: "host-limit" */
const char *event_reason(uint8_t reason);

#endif /* _ERNAT_EVENT_H */
