// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "client.h"
#include "config_netlink.h"
#include "diag.h"
#include "transaction.h"

/* From offset @off of message @seq on: what @place says. */
struct mark {
	uint32_t seq;
	uint32_t off;
	struct place place;
	const struct object *obj;
};

struct transaction {
	struct client *c;
	struct config *cfg;
	uint64_t cookie;
	struct mark *marks;
	size_t n_marks;
	size_t size_marks;
	const struct object *obj; /* being sent */
	bool refused;
	int err; /* of the socket */
};

static int cookie_cb(const struct nlmsghdr *nlh, void *data)
{
	const struct nlattr *tb[ERNAT_A_MAX + 1];
	struct transaction *t = data;

	client_parse(nlh, tb);
	if (tb[ERNAT_A_COOKIE] && !mnl_attr_validate(tb[ERNAT_A_COOKIE], MNL_TYPE_U64))
		t->cookie = mnl_attr_get_u64(tb[ERNAT_A_COOKIE]);
	return MNL_CB_OK;
}

static int generation_cb(const struct nlmsghdr *nlh, void *data)
{
	const struct nlattr *tb[ERNAT_A_MAX + 1];
	uint32_t *generation = data;

	client_parse(nlh, tb);
	if (tb[ERNAT_A_GENERATION] && !mnl_attr_validate(tb[ERNAT_A_GENERATION], MNL_TYPE_U32))
		*generation = mnl_attr_get_u32(tb[ERNAT_A_GENERATION]);
	return MNL_CB_OK;
}

static struct nlmsghdr *next_message(void *data)
{
	struct transaction *t = data;
	struct nlmsghdr *nlh = client_batch_msg(t->c, ERNAT_CMD_ADD);

	mnl_attr_put_u64(nlh, ERNAT_A_COOKIE, t->cookie);
	return nlh;
}

static bool send_message(void *data)
{
	struct transaction *t = data;

	t->err = client_batch_end(t->c);
	return !t->err && !t->refused;
}

static void add_mark(void *data, uint32_t seq, uint32_t off, const struct place *place)
{
	struct transaction *t = data;

	if (t->n_marks == t->size_marks) {
		t->size_marks = t->size_marks * 2 + 1024;
		t->marks = xrealloc(t->marks, t->size_marks * sizeof(*t->marks));
	}
	t->marks[t->n_marks++] = (struct mark){ seq, off, *place, t->obj };
}

/* The last mark of message @seq that is not behind @off. */
static const struct mark *find_mark(const struct transaction *t, uint32_t seq, uint32_t off)
{
	size_t lo = 0, hi = t->n_marks;

	while (lo < hi) {
		size_t mid = (lo + hi) / 2;
		const struct mark *m = &t->marks[mid];
		/* sequence numbers may wrap, but not within a transaction */
		int32_t order = m->seq - seq;

		if (order < 0 || (!order && m->off <= off))
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo && t->marks[lo - 1].seq == seq ? &t->marks[lo - 1] : NULL;
}

/* The first object that @text names: KIND "NAME". */
static const struct object *named_in(const struct config *cfg, const char *text)
{
	static const struct {
		const char *word;
		enum kind kind;
	} words[] = {
		{ "pool \"", KIND_POOL },
		{ "rule \"", KIND_RULE },
		{ "route source \"", KIND_SOURCE },
		{ "set \"", KIND_SET },
	};
	char name[ERNAT_NAME_MAX];
	const char *s;
	size_t i, len;

	for (i = 0; i < sizeof(words) / sizeof(*words); i++) {
		s = strstr(text, words[i].word);
		if (!s)
			continue;
		s += strlen(words[i].word);
		len = strcspn(s, "\"");
		if (len >= sizeof(name))
			continue;
		memcpy(name, s, len);
		name[len] = '\0';
		return config_find(cfg, words[i].kind, name);
	}
	return NULL;
}

/* The address that the kernel means: "... at ADDRESS", "its address ADDRESS". */
static bool address_in(const char *text, struct range *addr)
{
	static const char *const before[] = { " at ", " address " };
	char word[128];
	const char *s, *why;
	size_t i, len;

	for (i = 0; i < 2; i++) {
		s = strstr(text, before[i]);
		if (!s)
			continue;
		s += strlen(before[i]);
		len = strcspn(s, " ,");
		if (len >= sizeof(word))
			continue;
		memcpy(word, s, len);
		word[len] = '\0';
		if (range_parse(word, addr, &why))
			return true;
	}
	return false;
}

/* The last range of @pool that @addr is in: the earlier one was no problem. */
static const struct place *place_of_address(const struct object *pool, const struct range *addr)
{
	const struct place *place = NULL;
	const struct value *v;

	for_each_value(v, &pool->key[POOL_ADDRESS])
	{
		if (range_contains(&v->range, addr))
			place = &v->place;
	}
	return place;
}

/*
 * What the text says is nearer to the mistake than the attribute: a rule is
 * refused for an address of its pool.
 */
static void report(struct transaction *t, const struct mark *mark, const char *text)
{
	const struct object *named = named_in(t->cfg, text);
	const struct place *place = NULL;
	struct range addr;

	if (named && named->kind == KIND_POOL && address_in(text, &addr))
		place = place_of_address(named, &addr);
	if (!place && mark)
		place = mark->place.in ? &mark->place : &mark->obj->place;
	if (!place && named)
		place = &named->place;
	diag_error(t->cfg, place, "%s", text);
}

static bool refused(const struct client_error *e, void *data)
{
	struct transaction *t = data;

	/* the kernel refuses what comes after the first for that alone */
	if (!t->refused)
		report(t, find_mark(t, e->seq, e->offset), e->text);
	t->refused = true;
	return false;
}

static bool begin(struct transaction *t)
{
	struct nlmsghdr *nlh = client_msg(t->c, ERNAT_CMD_BEGIN, 0);

	if (!client_talk(t->c, nlh, cookie_cb, t))
		return true;
	diag_error(NULL, NULL, "cannot begin a transaction: %s", client_errmsg(t->c));
	return false;
}

static bool send_object(struct transaction *t, const struct object *obj)
{
	struct object_writer w = {
		.cfg = t->cfg,
		.message = next_message,
		.send = send_message,
		.mark = add_mark,
		.data = t,
	};

	t->obj = obj;
	return object_write(&w, obj);
}

static bool send_list(struct transaction *t, enum kind kind)
{
	const struct object *obj;

	for_each_object(obj, t->cfg, kind)
	{
		if (!send_object(t, obj))
			return false;
	}
	return true;
}

static bool send_pools(struct transaction *t)
{
	struct object **order = config_pool_order(t->cfg);
	unsigned int i;
	bool ok = true;

	if (!order)
		return false;
	for (i = 0; ok && i < t->cfg->list[KIND_POOL].n; i++)
		ok = send_object(t, order[i]);
	free(order);
	return ok;
}

/* In the order that the kernel wants: what is named before who names it. */
static bool send_all(struct transaction *t)
{
	bool ok;

	client_batch_begin(t->c, refused, t);
	ok = send_list(t, KIND_SETTINGS) && send_list(t, KIND_SET) && send_pools(t) &&
	     send_list(t, KIND_SOURCE) && send_list(t, KIND_RULE);
	if (ok)
		t->err = client_batch_flush(t->c);
	if (t->err && !t->refused && t->err != -ECANCELED)
		diag_error(NULL, NULL, "%s", client_errmsg(t->c));
	return ok && !t->err && !t->refused;
}

static void abort_transaction(struct transaction *t)
{
	struct nlmsghdr *nlh = client_msg(t->c, ERNAT_CMD_ABORT, 0);

	mnl_attr_put_u64(nlh, ERNAT_A_COOKIE, t->cookie);
	client_talk(t->c, nlh, NULL, NULL);
}

static bool commit(struct transaction *t, bool check, uint32_t *generation)
{
	struct nlmsghdr *nlh = client_msg(t->c, ERNAT_CMD_COMMIT, 0);

	mnl_attr_put_u64(nlh, ERNAT_A_COOKIE, t->cookie);
	if (check)
		mnl_attr_put(nlh, ERNAT_A_CHECK, 0, NULL);
	if (!client_talk(t->c, nlh, generation_cb, generation))
		return true;
	report(t, NULL, client_errmsg(t->c));
	return false;
}

bool transaction_run(struct client *c, struct config *cfg, bool check, uint32_t *generation)
{
	struct transaction t = { .c = c, .cfg = cfg };
	bool ok;

	if (!begin(&t))
		return false;
	ok = send_all(&t);
	if (ok)
		ok = commit(&t, check, generation);
	else
		abort_transaction(&t);
	free(t.marks);
	return ok;
}
