/* SPDX-License-Identifier: GPL-2.0-or-later */
/* client: requests to the kernel over generic netlink, by libmnl. */
#ifndef _ERNAT_CLIENT_H
#define _ERNAT_CLIENT_H

#include <stdbool.h>
#include <stdint.h>
#include <libmnl/libmnl.h>
#include <linux/ernat.h>

struct client;

/*
 * Opens a socket in the network namespace that -n names and looks up the
 * family. On failure says why, in one line on stderr, and returns NULL.
 */
struct client *client_open(void);
/* The same, but silent where there is no module: then *@loaded is false. */
struct client *client_try_open(bool *loaded);
void client_close(struct client *c);

/* Largest message that fits the buffer of client_msg() and of a batch. */
#define CLIENT_MSG_MAX (128 * 1024)

/* Begins a message in the client's buffer; put attributes into it, then talk. */
struct nlmsghdr *client_msg(struct client *c, uint8_t cmd, uint16_t flags);

/*
 * Sends the message and hands every reply to @cb (may be NULL). NLM_F_ACK is
 * added. Returns 0 or -errno; then client_errmsg() says why. When @cb returns
 * MNL_CB_ERROR with errno set, that is the error; what the kernel still has to
 * say is not heard, and the client good for client_close() alone.
 */
int client_talk(struct client *c, struct nlmsghdr *nlh, mnl_cb_t cb, void *data);

/* Of the last request that failed: the kernel's words, or strerror()'s. */
const char *client_errmsg(const struct client *c);
/* Offset of the attribute that was at fault, from the message's start; 0: none. */
uint32_t client_erroffset(const struct client *c);
/* Did something change while the last dump was under way? */
bool client_interrupted(const struct client *c);
/* Prints "ernat: WHAT: client_errmsg()" on stderr. */
void client_perror(const struct client *c, const char *what);

/* struct client_error - why one message of a batch was refused */
struct client_error {
	uint32_t seq;
	int err; /* errno, positive */
	const char *text;
	uint32_t offset; /* as client_erroffset() */
};

/*
 * A batch: many messages in few system calls. client_batch_msg() begins the next
 * message (client_batch_end() completes it); its nlmsg_seq tells it from others.
 * Messages that are refused are reported to @cb by sequence number in order;
 * those that succeed are not. client_batch_flush() sends what is left and waits
 * for the end. Both return 0 or -errno of the socket, or -ECANCELED when @cb
 * returned false.
 */
typedef bool (*client_batch_cb)(const struct client_error *e, void *data);

void client_batch_begin(struct client *c, client_batch_cb cb, void *data);
struct nlmsghdr *client_batch_msg(struct client *c, uint8_t cmd);
int client_batch_end(struct client *c);
int client_batch_flush(struct client *c);

/*
 * Joins a multicast group of the family. Such a client is good for nothing else:
 * what it hears would come between a request and its answer. Returns 0 or
 * -errno; client_errmsg() says why.
 */
int client_join(struct client *c, const char *group);
int client_fd(const struct client *c);

/*
 * Hands the messages of one receive to @cb. Returns 0, -EAGAIN where nothing
 * waits, -ENOBUFS where the kernel had to drop some (after those that wait
 * still), or another -errno, that of @cb among them.
 */
int client_listen(struct client *c, mnl_cb_t cb, void *data);

/*
 * Attributes of a nest by type into @tb[max + 1]; unknown ones are passed over.
 * client_parse() does the same for a message.
 */
void client_parse_nested(const struct nlattr *nest, const struct nlattr **tb, unsigned int max);
void client_parse(const struct nlmsghdr *nlh, const struct nlattr **tb);

#endif /* _ERNAT_CLIENT_H */
