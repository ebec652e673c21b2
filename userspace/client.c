// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>
#include <linux/genetlink.h>
#include <linux/netlink.h>

#include "attr.h"
#include "client.h"
#include "main.h"
#include "print.h"

#define BATCH_BYTES (32 * 1024) /* per sendmsg; acks have to fit the socket */
#define RECV_BYTES (256 * 1024)
#define REPLY_BYTES (8 * 1024 * 1024) /* what waits in the socket for a request */
#define GROUP_BYTES (64 * 1024 * 1024) /* and of a multicast group, some seconds of it */

struct client {
	struct mnl_socket *nl;
	unsigned int portid;
	uint16_t family;
	uint32_t seq;
	char *msg;
	char *recv;
	char text[512];
	uint32_t offset;
	bool interrupted;

	char *batch;
	size_t batch_len;
	struct nlmsghdr *batch_msg;
	client_batch_cb batch_cb;
	void *batch_data;
};

static const char no_capability[] = "needs CAP_NET_ADMIN in the network namespace";

static const char *netns_error(int err)
{
	switch (err) {
	case ENOENT:
		return "there is none of that name";
	case EINVAL:
		return "that file is no network namespace";
	case EPERM:
		return "entering it needs CAP_SYS_ADMIN";
	default:
		return strerror(err);
	}
}

/* Like ip -n: a name below /run/netns, or a path. Once is enough. */
static int enter_netns(const char *name)
{
	static bool entered;
	char path[4096];
	int fd, err = 0;

	if (entered)
		return 0;
	snprintf(path, sizeof(path), "%s%s", strchr(name, '/') ? "" : "/run/netns/", name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || setns(fd, CLONE_NEWNET) < 0) {
		err = errno;
		print_error("network namespace \"%s\": %s", name, netns_error(err));
	}
	if (fd >= 0)
		close(fd);
	entered = !err;
	return -err;
}

static void on(struct mnl_socket *nl, int option)
{
	int one = 1;

	/* Older kernels lack some; what is asked for is comfort only. */
	mnl_socket_setsockopt(nl, option, &one, sizeof(one));
}

static struct nlmsghdr *put_header(struct client *c, void *buf, uint16_t type, uint8_t cmd,
				   uint16_t flags)
{
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);
	struct genlmsghdr *g;

	nlh->nlmsg_type = type;
	nlh->nlmsg_flags = NLM_F_REQUEST | flags;
	nlh->nlmsg_seq = ++c->seq;
	g = mnl_nlmsg_put_extra_header(nlh, sizeof(*g));
	g->cmd = cmd;
	g->version = type == GENL_ID_CTRL ? 1 : ERNAT_GENL_VERSION;
	return nlh;
}

struct nlmsghdr *client_msg(struct client *c, uint8_t cmd, uint16_t flags)
{
	return put_header(c, c->msg, c->family, cmd, flags);
}

static int error_attr(const struct nlattr *attr, void *data)
{
	struct client *c = data;

	if (mnl_attr_get_type(attr) == NLMSGERR_ATTR_MSG)
		snprintf(c->text, sizeof(c->text), "%.*s", (int)mnl_attr_get_payload_len(attr),
			 mnl_attr_get_str(attr));
	else if (mnl_attr_get_type(attr) == NLMSGERR_ATTR_OFFS &&
		 mnl_attr_get_payload_len(attr) >= sizeof(uint32_t))
		c->offset = mnl_attr_get_u32(attr);
	return MNL_CB_OK;
}

/* Takes an ack or the end of a dump apart. Returns its error, 0 or negative. */
static int read_error(struct client *c, const struct nlmsghdr *nlh)
{
	const struct nlmsgerr *e = mnl_nlmsg_get_payload(nlh);
	unsigned int skip = sizeof(*e);
	int err;

	c->text[0] = 0;
	c->offset = 0;
	if (mnl_nlmsg_get_payload_len(nlh) < sizeof(int))
		return -EBADMSG;
	err = *(const int *)mnl_nlmsg_get_payload(nlh);
	if (nlh->nlmsg_type == NLMSG_DONE)
		skip = sizeof(int);
	else if (!(nlh->nlmsg_flags & NLM_F_CAPPED) && mnl_nlmsg_get_payload_len(nlh) >= skip)
		skip += MNL_ALIGN(e->msg.nlmsg_len) - MNL_NLMSG_HDRLEN;
	if (nlh->nlmsg_flags & NLM_F_ACK_TLVS && mnl_nlmsg_get_payload_len(nlh) > skip)
		mnl_attr_parse(nlh, skip, error_attr, c);
	if (err && !c->text[0])
		snprintf(c->text, sizeof(c->text), "%s",
			 err == -EPERM ? no_capability : strerror(-err));
	return err;
}

/* Returns the bytes received, or -errno; never waits. */
static ssize_t receive_now(struct client *c)
{
	ssize_t n;

	do {
		n = recv(mnl_socket_get_fd(c->nl), c->recv, RECV_BYTES, MSG_DONTWAIT | MSG_TRUNC);
	} while (n < 0 && errno == EINTR);
	if (n > RECV_BYTES)
		return -EMSGSIZE;
	return n < 0 ? -errno : n;
}

/*
 * Returns the bytes received, or -errno. The kernel answers while sendmsg()
 * runs, and a dump's next part is there once the last one was read: where
 * nothing waits, nothing will come, because the socket had no room for it.
 */
static ssize_t receive(struct client *c)
{
	ssize_t n = receive_now(c);

	if (n == -EAGAIN)
		n = -ENOBUFS;
	if (n < 0)
		snprintf(c->text, sizeof(c->text), "netlink: %s", strerror(-n));
	return n;
}

static int send_bytes(struct client *c, const void *data, size_t len)
{
	if (mnl_socket_sendto(c->nl, data, len) >= 0)
		return 0;
	snprintf(c->text, sizeof(c->text), "netlink: %s", strerror(errno));
	c->offset = 0;
	return -errno;
}

static int callback_failed(struct client *c)
{
	int err = errno ? errno : EIO;

	snprintf(c->text, sizeof(c->text), "%s",
		 err == EBADMSG ? "the module's answer makes no sense to this command" :
				  strerror(err));
	return -err;
}

/* Everything that one receive brought. Returns 1 at the end, 0 for more, -errno. */
static int handle(struct client *c, uint32_t seq, ssize_t n, mnl_cb_t cb, void *data)
{
	const struct nlmsghdr *nlh = (void *)c->recv;
	int len = n, err;

	for (; mnl_nlmsg_ok(nlh, len); nlh = mnl_nlmsg_next(nlh, &len)) {
		if (nlh->nlmsg_seq != seq || nlh->nlmsg_pid != c->portid)
			continue;
		if (nlh->nlmsg_flags & NLM_F_DUMP_INTR)
			c->interrupted = true;
		if (nlh->nlmsg_type == NLMSG_ERROR || nlh->nlmsg_type == NLMSG_DONE) {
			err = read_error(c, nlh);
			return err ? err : 1;
		}
		if (nlh->nlmsg_type < NLMSG_MIN_TYPE || !cb)
			continue;
		errno = 0;
		if (cb(nlh, data) == MNL_CB_ERROR)
			return callback_failed(c);
	}
	return 0;
}

int client_talk(struct client *c, struct nlmsghdr *nlh, mnl_cb_t cb, void *data)
{
	uint32_t seq = nlh->nlmsg_seq;
	ssize_t n;
	int ret;

	if (!(nlh->nlmsg_flags & NLM_F_DUMP))
		nlh->nlmsg_flags |= NLM_F_ACK;
	c->interrupted = false;
	ret = send_bytes(c, nlh, nlh->nlmsg_len);
	while (!ret) {
		n = receive(c);
		ret = n < 0 ? n : handle(c, seq, n, cb, data);
	}
	return ret > 0 ? 0 : ret;
}

const char *client_errmsg(const struct client *c)
{
	return c->text;
}

uint32_t client_erroffset(const struct client *c)
{
	return c->offset;
}

bool client_interrupted(const struct client *c)
{
	return c->interrupted;
}

void client_perror(const struct client *c, const char *what)
{
	print_error("%s: %s", what, c->text);
}

void client_batch_begin(struct client *c, client_batch_cb cb, void *data)
{
	c->batch_cb = cb;
	c->batch_data = data;
	c->batch_len = 0;
}

struct nlmsghdr *client_batch_msg(struct client *c, uint8_t cmd)
{
	c->batch_msg = put_header(c, c->batch + c->batch_len, c->family, cmd, 0);
	return c->batch_msg;
}

/* Refusals come without being asked for; the last message asks for an ack. */
static int batch_send(struct client *c)
{
	uint32_t last = c->batch_msg->nlmsg_seq;
	const struct nlmsghdr *nlh;
	struct client_error e;
	int len, ret;
	ssize_t n;

	c->batch_msg->nlmsg_flags |= NLM_F_ACK;
	ret = send_bytes(c, c->batch, c->batch_len);
	c->batch_len = 0;
	if (ret)
		return ret;
	for (;;) {
		n = receive(c);
		if (n < 0)
			return n;
		len = n;
		for (nlh = (void *)c->recv; mnl_nlmsg_ok(nlh, len);
		     nlh = mnl_nlmsg_next(nlh, &len)) {
			if (nlh->nlmsg_type != NLMSG_ERROR)
				continue;
			e.err = -read_error(c, nlh);
			e.seq = nlh->nlmsg_seq;
			e.text = c->text;
			e.offset = c->offset;
			if (e.err && !c->batch_cb(&e, c->batch_data))
				ret = -ECANCELED;
			if (nlh->nlmsg_seq == last)
				return ret;
		}
	}
}

int client_batch_end(struct client *c)
{
	c->batch_len += c->batch_msg->nlmsg_len;
	return c->batch_len >= BATCH_BYTES ? batch_send(c) : 0;
}

int client_batch_flush(struct client *c)
{
	return c->batch_len ? batch_send(c) : 0;
}

static int parse_attr(const struct nlattr *attr, const struct nlattr **tb, unsigned int max)
{
	unsigned int type = mnl_attr_get_type(attr);

	if (type <= max)
		tb[type] = attr;
	return MNL_CB_OK;
}

void client_parse_nested(const struct nlattr *nest, const struct nlattr **tb, unsigned int max)
{
	const struct nlattr *attr;

	memset(tb, 0, (max + 1) * sizeof(*tb));
	mnl_attr_for_each_nested(attr, nest)
		parse_attr(attr, tb, max);
}

void client_parse(const struct nlmsghdr *nlh, const struct nlattr **tb)
{
	const struct nlattr *attr;

	memset(tb, 0, (ERNAT_A_MAX + 1) * sizeof(*tb));
	mnl_attr_for_each(attr, nlh, sizeof(struct genlmsghdr))
		parse_attr(attr, tb, ERNAT_A_MAX);
}

static int family_cb(const struct nlmsghdr *nlh, void *data)
{
	struct client *c = data;
	const struct nlattr *attr;

	mnl_attr_for_each(attr, nlh, sizeof(struct genlmsghdr))
		if (mnl_attr_get_type(attr) == CTRL_ATTR_FAMILY_ID)
			c->family = mnl_attr_get_u16(attr);
	return MNL_CB_OK;
}

static int ask_family(struct client *c, mnl_cb_t cb, void *data)
{
	struct nlmsghdr *nlh = put_header(c, c->msg, GENL_ID_CTRL, CTRL_CMD_GETFAMILY, 0);

	mnl_attr_put_strz(nlh, CTRL_ATTR_FAMILY_NAME, ERNAT_GENL_NAME);
	return client_talk(c, nlh, cb, data);
}

/* *@loaded false: there is no such family, and nothing was printed. */
static int find_family(struct client *c, bool *loaded)
{
	int err = ask_family(c, family_cb, c);

	*loaded = err != -ENOENT;
	if (!err && !c->family)
		err = -EBADMSG;
	if (err && *loaded)
		client_perror(c, "generic netlink");
	return err;
}

static void receive_buffer(struct client *c, int bytes)
{
	int fd = mnl_socket_get_fd(c->nl);

	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof(bytes)))
		setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof(bytes));
}

static int open_socket(struct client *c)
{
	c->nl = mnl_socket_open2(NETLINK_GENERIC, SOCK_CLOEXEC);
	if (!c->nl || mnl_socket_bind(c->nl, 0, MNL_SOCKET_AUTOPID) < 0) {
		print_error("netlink socket: %s", strerror(errno));
		return -1;
	}
	c->portid = mnl_socket_get_portid(c->nl);
	on(c->nl, NETLINK_EXT_ACK);
	on(c->nl, NETLINK_CAP_ACK);
	/* Room for the refusals of a whole batch. */
	receive_buffer(c, REPLY_BYTES);
	return 0;
}

/* struct group - a multicast group to look for, and the number found */
struct group {
	const char *name;
	uint32_t id;
};

static void read_group(const struct nlattr *nest, struct group *group)
{
	static const uint8_t kinds[CTRL_ATTR_MCAST_GRP_ID + 1] = {
		[CTRL_ATTR_MCAST_GRP_NAME] = ATTR_STRING,
		[CTRL_ATTR_MCAST_GRP_ID] = ATTR_U32,
	};
	const struct nlattr *tb[CTRL_ATTR_MCAST_GRP_ID + 1];

	if (attr_parse(nest, tb, CTRL_ATTR_MCAST_GRP_ID, kinds) && tb[CTRL_ATTR_MCAST_GRP_NAME] &&
	    !strcmp(attr_str(tb[CTRL_ATTR_MCAST_GRP_NAME]), group->name))
		group->id = attr_u32(tb[CTRL_ATTR_MCAST_GRP_ID]);
}

static int group_cb(const struct nlmsghdr *nlh, void *data)
{
	const struct nlattr *attr, *nest;

	mnl_attr_for_each(attr, nlh, sizeof(struct genlmsghdr)) {
		if (mnl_attr_get_type(attr) != CTRL_ATTR_MCAST_GROUPS)
			continue;
		mnl_attr_for_each_nested(nest, attr)
			read_group(nest, data);
	}
	return MNL_CB_OK;
}

int client_join(struct client *c, const char *name)
{
	struct group group = { .name = name };
	int err = ask_family(c, group_cb, &group);

	if (err)
		return err;
	if (!group.id) {
		snprintf(c->text, sizeof(c->text), "the module has no events \"%s\"", name);
		return -ENOENT;
	}
	receive_buffer(c, GROUP_BYTES);
	if (!mnl_socket_setsockopt(c->nl, NETLINK_ADD_MEMBERSHIP, &group.id, sizeof(group.id)))
		return 0;
	err = errno;
	snprintf(c->text, sizeof(c->text), "%s", err == EPERM ? no_capability : strerror(err));
	return -err;
}

int client_fd(const struct client *c)
{
	return mnl_socket_get_fd(c->nl);
}

int client_listen(struct client *c, mnl_cb_t cb, void *data)
{
	const struct nlmsghdr *nlh = (void *)c->recv;
	ssize_t n = receive_now(c);
	int len = n;

	if (n < 0) {
		snprintf(c->text, sizeof(c->text), "netlink: %s", strerror(-n));
		return n;
	}
	for (; mnl_nlmsg_ok(nlh, len); nlh = mnl_nlmsg_next(nlh, &len)) {
		/* To all, so from the kernel and no answer to anyone. */
		if (nlh->nlmsg_type != c->family || nlh->nlmsg_pid)
			continue;
		errno = 0;
		if (cb(nlh, data) == MNL_CB_ERROR)
			return callback_failed(c);
	}
	return 0;
}

struct client *client_try_open(bool *loaded)
{
	struct client *c;

	*loaded = true;
	if (opts.netns && enter_netns(opts.netns))
		return NULL;
	c = calloc(1, sizeof(*c));
	if (c) {
		c->seq = time(NULL);
		c->msg = malloc(CLIENT_MSG_MAX);
		c->batch = malloc(CLIENT_MSG_MAX + BATCH_BYTES);
		c->recv = malloc(RECV_BYTES);
	}
	if (!c || !c->msg || !c->batch || !c->recv)
		print_error("out of memory");
	else if (!open_socket(c) && !find_family(c, loaded))
		return c;
	client_close(c);
	return NULL;
}

struct client *client_open(void)
{
	bool loaded;
	struct client *c = client_try_open(&loaded);

	if (!c && !loaded)
		print_error("the kernel module ernat.ko is not loaded: modprobe ernat");
	return c;
}

void client_close(struct client *c)
{
	if (!c)
		return;
	if (c->nl)
		mnl_socket_close(c->nl);
	free(c->recv);
	free(c->batch);
	free(c->msg);
	free(c);
}
