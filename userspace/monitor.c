// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "attr.h"
#include "client.h"
#include "event.h"
#include "json.h"
#include "main.h"
#include "monitor.h"
#include "option.h"
#include "print.h"

static const struct filter_view view = { "monitor", FILTER_EVENTS, ERNAT_FILTER_HOST };

/* A socket each, so that a flood of sessions leaves the alarms their room. */
enum { EVENTS, SESSIONS, GROUPS };
/* What is waited for besides. */
enum { SIGNALS = GROUPS, STDOUT, FDS };

bool monitor_done(const struct monitor *m)
{
	return m->count && m->printed >= m->count;
}

/* @count 0: it is not known */
static void lost(const struct monitor_group *g, uint64_t count)
{
	if (opts.json) {
		json_out_one_line();
		json_out_object(NULL);
		json_out_string("event", "lost");
		json_out_string("group", g->name);
		if (count)
			json_out_uint("count", count);
		else
			json_out_null("count");
		json_out_object_end();
	} else if (count) {
		printf("%llu event%s lost (%s)\n", (unsigned long long)count, PLURAL(count),
		       g->name);
	} else {
		printf("events lost (%s); the next one tells how many\n", g->name);
	}
}

/* A number that is not higher than the last one is of a module loaded since. */
static void count_lost(struct monitor_group *g, uint64_t seq)
{
	uint64_t missing = g->started && seq > g->seq ? seq - g->seq - 1 : 0;

	g->seq = seq;
	g->started = true;
	if (!missing)
		return;
	lost(g, missing);
	g->overrun = false;
}

int monitor_take(const struct nlmsghdr *nlh, void *data)
{
	const struct nlattr *tb[ERNAT_EVENT_MAX + 1];
	struct monitor_group *g = data;
	struct monitor *m = g->monitor;

	if (!event_parse(tb, nlh))
		return MNL_CB_ERROR;
	count_lost(g, attr_u64(tb[ERNAT_EVENT_SEQ]));
	if (monitor_done(m) || !event_matches(&m->filter, tb))
		return MNL_CB_OK;
	m->printed++;
	if (opts.json) {
		json_out_one_line();
		event_json(tb);
	} else {
		event_line(tb);
	}
	return MNL_CB_OK;
}

void monitor_idle(struct monitor_group *g)
{
	if (g->overrun)
		lost(g, 0);
	g->overrun = false;
}

/* One receive. Returns 0 or -errno; then client_perror() says why. */
static int listen_to(struct client *c, struct monitor_group *g)
{
	int err = client_listen(c, monitor_take, g);

	if (err == -EAGAIN) {
		monitor_idle(g);
		return 0;
	}
	if (err != -ENOBUFS)
		return err;
	g->overrun = true;
	return 0;
}

static bool flushed(void)
{
	return !fflush(stdout) && !print_failed();
}

/* Until enough is printed, a signal comes or nobody reads any more. */
static int run(struct monitor *m, struct client *const *c, struct pollfd *fds)
{
	struct monitor_group groups[GROUPS] = {
		[EVENTS] = { .name = ERNAT_GENL_EVENTS, .monitor = m },
		[SESSIONS] = { .name = ERNAT_GENL_SESSIONS, .monitor = m },
	};
	bool more[GROUPS] = {};
	int i, err;

	for (;;) {
		if (poll(fds, FDS, more[EVENTS] || more[SESSIONS] ? 0 : -1) < 0) {
			if (errno == EINTR)
				continue;
			print_error("poll: %s", strerror(errno));
			return EXIT_FAILED;
		}
		if (fds[SIGNALS].revents || fds[STDOUT].revents)
			return EXIT_OK;
		for (i = 0; i < GROUPS && !monitor_done(m); i++) {
			/* Once more after the last one, to learn that it was. */
			if (!fds[i].revents && !more[i])
				continue;
			more[i] = fds[i].revents;
			err = listen_to(c[i], &groups[i]);
			if (err) {
				client_perror(c[i], "monitor");
				return EXIT_FAILED;
			}
		}
		if (!flushed())
			return EXIT_FAILED;
		if (monitor_done(m))
			return EXIT_OK;
	}
}

static int monitor(struct monitor *m, struct client *const *c)
{
	struct pollfd fds[FDS] = {
		[EVENTS] = { .fd = client_fd(c[EVENTS]), .events = POLLIN },
		[SESSIONS] = { .fd = client_fd(c[SESSIONS]), .events = POLLIN },
		[SIGNALS] = { .events = POLLIN },
		[STDOUT] = { .fd = STDOUT_FILENO }, /* for what is always asked: errors */
	};
	sigset_t set;
	int code, err;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigprocmask(SIG_BLOCK, &set, NULL);
	fds[SIGNALS].fd = signalfd(-1, &set, SFD_CLOEXEC);
	if (fds[SIGNALS].fd < 0) {
		print_error("signalfd: %s", strerror(errno));
		return EXIT_FAILED;
	}
	code = run(m, c, fds);
	err = errno;
	close(fds[SIGNALS].fd);
	errno = err;
	return code;
}

static bool join(struct client **c)
{
	static const char *const names[GROUPS] = { ERNAT_GENL_EVENTS, ERNAT_GENL_SESSIONS };
	int i;

	for (i = 0; i < GROUPS; i++) {
		c[i] = client_open();
		if (!c[i])
			return false;
		if (client_join(c[i], names[i])) {
			client_perror(c[i], "monitor");
			return false;
		}
	}
	return true;
}

int monitor_main(int argc, char **argv)
{
	struct client *c[GROUPS] = {};
	int code = EXIT_FAILED, i, n, err;
	struct monitor m = {};

	n = option_number(argc - 1, argv + 1, "--count", UINT32_MAX, &m.count);
	if (n < 0 || !filter_read(&m.filter, &view, n, argv + 1))
		return EXIT_USAGE;
	if (join(c))
		code = monitor(&m, c);
	err = errno;
	for (i = 0; i < GROUPS; i++)
		client_close(c[i]);
	errno = err; /* main() asks why stdout failed */
	return code;
}
