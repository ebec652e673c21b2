/* SPDX-License-Identifier: GPL-2.0-or-later */
/* config_netlink: an object of a ruleset as netlink attributes. */
#ifndef _ERNAT_CONFIG_NETLINK_H
#define _ERNAT_CONFIG_NETLINK_H

#include <libmnl/libmnl.h>

#include "config.h"

/* Ranges go on in a next message from here on; others cannot be divided. */
#define MESSAGE_LIMIT (24 * 1024)
#define OBJECT_LIMIT (60 * 1024)

/**
 * struct object_writer - where the messages of an object go
 * @cfg: for errors
 * @message: starts an ERNAT_CMD_ADD; what it returns has room for a whole one
 * @send: that message is complete; false stops
 * @mark: what stands from offset @off of message @seq on is said at @place
 */
struct object_writer {
	struct config *cfg;
	struct nlmsghdr *(*message)(void *data);
	bool (*send)(void *data);
	void (*mark)(void *data, uint32_t seq, uint32_t off, const struct place *place);
	void *data;
	/* private */
	const struct object *obj;
	struct nlmsghdr *nlh;
	struct nlattr *nest;
};

/* False when @send said so or the object does not fit (reported). */
bool object_write(struct object_writer *w, const struct object *obj);

/* config_kernel.c: takes a message of ERNAT_CMD_GET_CONFIG into a struct config. */
int config_message(const struct nlmsghdr *nlh, void *cfg);

#endif
