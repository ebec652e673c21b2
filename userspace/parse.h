/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * parse: from statements of words to objects. Text and JSON both end here, so
 * that both know the same keys and give the same errors.
 */
#ifndef _ERNAT_PARSE_H
#define _ERNAT_PARSE_H

#include "config.h"
#include "diag.h"

/* One word of a statement; @s is not NUL-terminated. */
struct word {
	const char *s;
	uint32_t len;
	bool comma; /* a comma stands before it */
	bool quoted;
	struct place place;
};

struct parse {
	struct config *cfg;
	struct input *in;
	struct word *words; /* of the statement being read */
	unsigned int n_words;
	unsigned int size_words;
	struct object *obj; /* block being read; NULL at top level */
	struct place block; /* its opening brace */
	unsigned int block_errors; /* how many there were before it */
	bool in_block; /* also when the block's head was wrong */
};

/* parse.c: what config.y and config_json.c call */
void parse_word(struct parse *p, const struct word *w);
void parse_statement(struct parse *p);
void parse_open(struct parse *p, const struct place *brace);
void parse_close(struct parse *p);
void parse_drop_words(struct parse *p);
/* Refuses a word that no key and no kind of block is called. */
void parse_unknown(struct parse *p, enum kind kind, const struct word *w);
/* Does a block begin with it? */
bool parse_is_block(const struct word *w);

bool parse_text(struct parse *p); /* config.y */
bool parse_json(struct parse *p); /* config_json.c */

/* config.c: a file that "include" names; @pattern belongs to @parent */
void config_include(struct config *cfg, const struct input *parent, const struct place *at,
		    const char *pattern);

/* value.c: one value of @key, the words between two commas */
bool value_parse(struct parse *p, const struct key *key, const struct word *w, unsigned int n,
		 struct value *v);

/* Copies a word; false when it does not fit or holds a NUL. */
bool word_copy(const struct word *w, char *buf, size_t size);
bool word_is(const struct word *w, const char *s);
/* A name of a pool, route source, rule or set; NULL after an error. */
const char *word_name(struct parse *p, const struct word *w, enum kind kind);

/* "%.*s" of a word, cut to what fits on a line */
#define WORD_MAX_SHOWN 80
#define WORD_ARG(w) (int)((w)->len < WORD_MAX_SHOWN ? (w)->len : WORD_MAX_SHOWN), (w)->s

#endif
