// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "attr.h"
#include "client.h"
#include "json.h"
#include "main.h"
#include "option.h"
#include "print.h"
#include "stream.h"

#define TOP_MAX 65535
#define TRIES 10

static bool one_address(const struct filter *f, uint16_t attr)
{
	const struct range *range = &f->v[attr].range;

	return f->has & FILTER_BIT(attr) && !memcmp(range->first, range->last, 16);
}

bool stream_init(struct stream *s, const struct stream_view *view, int argc, char **argv)
{
	uint32_t top = 0;
	int n = option_number(argc, argv, "--top", TOP_MAX, &top);

	memset(s, 0, sizeof(*s));
	s->view = view;
	s->top.max = top;
	if (n < 0)
		return false;
	if (top && !view->rank) {
		print_error("%s has no --top", view->filter.command);
		return false;
	}
	if (!filter_read(&s->filter, &view->filter, n, argv))
		return false;
	s->lines = !view->columns || (view->single && one_address(&s->filter, view->single));
	return true;
}

static void begin(struct stream *s)
{
	if (s->begun)
		return;
	s->begun = true;
	if (opts.json) {
		json_out_array(NULL);
		json_out_one_line();
	} else if (!s->lines) {
		s->table = table_new();
		s->view->columns(s->table);
	}
}

static int print(struct stream *s, const struct nlattr *const *tb)
{
	begin(s);
	if (opts.json)
		s->view->json(tb);
	else if (s->table)
		s->view->row(s->table, tb);
	else
		s->view->line(tb);
	if (!print_failed())
		return MNL_CB_OK;
	errno = EPIPE;
	return MNL_CB_ERROR;
}

static bool parse(const struct stream_view *view, const struct nlmsghdr *nlh,
		  const struct nlattr **tb)
{
	return attr_parse_reply(nlh, view->attr, tb, view->max, view->kinds) &&
	       attr_have(tb, view->needed);
}

static int print_message(const struct nlmsghdr *nlh, void *data)
{
	const struct nlattr *tb[STREAM_ATTRS];
	struct stream *s = data;

	return parse(s->view, nlh, tb) ? print(s, tb) : MNL_CB_ERROR;
}

int stream_take(const struct nlmsghdr *nlh, void *data)
{
	const struct nlattr *tb[STREAM_ATTRS];
	struct heap_rank rank = {};
	struct stream *s = data;

	if (!parse(s->view, nlh, tb))
		return MNL_CB_ERROR;
	if (s->view->matches && !s->view->matches(&s->filter, tb))
		return MNL_CB_OK;
	if (!s->top.max)
		return print(s, tb);
	s->view->rank(tb, &rank);
	heap_offer(&s->top, &rank, nlh);
	return MNL_CB_OK;
}

int stream_end(struct stream *s, bool complete)
{
	int err = 0;

	if (!complete)
		heap_clear(&s->top);
	else if (heap_drain(&s->top, print_message, s) == MNL_CB_ERROR)
		err = -EPIPE;
	if (complete && !s->begun && !opts.json && s->lines && s->view->none)
		printf("%s\n", s->view->none);
	else if (complete)
		begin(s);
	if (s->begun && opts.json)
		json_out_array_end();
	if (s->table)
		table_end(s->table);
	return err;
}

/* What --top has kept can be thrown away and asked for again, what was printed cannot. */
static int ask(struct stream *s, struct client *c)
{
	int tries = s->top.max ? TRIES : 1;
	struct nlmsghdr *nlh;
	int err;

	do {
		heap_clear(&s->top);
		nlh = client_msg(c, s->view->cmd, NLM_F_DUMP);
		if (!s->view->matches)
			filter_put(nlh, &s->filter);
		err = client_talk(c, nlh, stream_take, s);
	} while (!err && client_interrupted(c) && --tries);
	return err;
}

static int show(struct stream *s, struct client *c)
{
	int err = ask(s, c);
	int lost = stream_end(s, !err);

	/* That stdout failed is said, or not, where it is closed. */
	if (err && err != -EPIPE)
		client_perror(c, s->view->what);
	else if (!err && client_interrupted(c))
		print_error("the table was resized meanwhile: a %s may be listed twice",
			    s->view->what);
	return err || lost ? EXIT_FAILED : EXIT_OK;
}

int stream_main(const struct stream_view *view, int argc, char **argv)
{
	struct client *c;
	struct stream s;
	int code;

	if (!stream_init(&s, view, argc - 1, argv + 1))
		return EXIT_USAGE;
	c = client_open();
	if (!c)
		return EXIT_FAILED;
	code = show(&s, c);
	client_close(c);
	return code;
}
