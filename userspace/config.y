%code requires {
/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The shape of the configuration language: statements of words, and blocks of
 * statements. Which words mean what is the business of parse.c.
 */
#include "parse.h"

struct scan {
	struct parse *parse;
	uint32_t next;		/* offset of the next token */
};

#define YYLTYPE struct place
#define YYLTYPE_IS_DECLARED 1
#define YYLLOC_DEFAULT(cur, rhs, n) do {				\
	(cur) = (n) ? YYRHSLOC(rhs, 1) : YYRHSLOC(rhs, 0);		\
	if (!(n))							\
		(cur).len = 0;						\
} while (0)
}

%code {
int yylex(YYSTYPE *val, YYLTYPE *loc, void *scanner);
int yylex_init_extra(struct scan *scan, void **scanner);
int yylex_destroy(void *scanner);
void *yy_scan_bytes(const char *s, int len, void *scanner);

static void yyerror(const YYLTYPE *at, struct parse *p, void *scanner,
		    const char *msg);
}

%define api.pure full
%define parse.error custom
%locations
%initial-action { @$ = (struct place){ 0 }; }
%parse-param { struct parse *p } { void *scanner }
%lex-param { void *scanner }
%union { struct word word; }

%token <word> WORD "a word" STRING "a string"
%token UNTERMINATED "a string without end" STRAY "a stray character"
%token END 0 "the end of the file"

%%

file:
	%empty
|	file item
;

item:
	statement
|	head body '}'		{ parse_close(p);
				  if (diag_full(p->cfg))
					YYABORT; }
|	head body error '}'	{ parse_close(p);
				  if (diag_full(p->cfg))
					YYABORT;
				  yyerrok; }
;

head:
	words '{'		{ parse_open(p, &@2); }
;

body:
	%empty
|	body statement
;

statement:
	words ';'		{ parse_statement(p);
				  if (diag_full(p->cfg))
					YYABORT; }
|	';'
|	error ';'		{ parse_drop_words(p);
				  if (diag_full(p->cfg))
					YYABORT;
				  yyerrok; }
;

words:
	word
|	words word
|	words ',' word		{ p->words[p->n_words - 1].comma = true; }
;

word:
	WORD			{ parse_word(p, &$1); }
|	STRING			{ parse_word(p, &$1); }
;

%%

static void yyerror(const YYLTYPE *at, struct parse *p, void *scanner,
		    const char *msg)
{
	(void)scanner;
	diag_error(p->cfg, at, "%s", msg);
}

/* What stands at @at, for a message. */
static void describe(struct text *out, const struct place *at,
		     yysymbol_kind_t token)
{
	uint32_t len = at->len < WORD_MAX_SHOWN ? at->len : WORD_MAX_SHOWN;

	if (token != YYSYMBOL_STRING)
		text_printf(out, "\"%.*s\"", (int)len, at->in->data + at->off);
	else
		text_puts(out, yysymbol_name(token));
}

/*
 * The grammar has two states only as far as a reader cares: a statement is
 * begun, or one could begin.
 */
static int yyreport_syntax_error(const yypcontext_t *ctx, struct parse *p,
				 void *scanner)
{
	yysymbol_kind_t token = yypcontext_token(ctx);
	struct place at = *yypcontext_location(ctx);
	struct text msg = { 0 };

	(void)scanner;
	(void)yypcontext_expected_tokens;
	at.in = p->in;
	if (token == YYSYMBOL_UNTERMINATED) {
		text_puts(&msg, "string without closing quote on its line");
	} else if (token == YYSYMBOL_YYEOF && p->in_block && !p->n_words) {
		text_puts(&msg, "missing \"}\"");
		at = p->block;
	} else if (p->in_block && p->n_words && token != YYSYMBOL_YYEOF &&
		   at.in->data[at.off] == '{' && parse_is_block(p->words)) {
		text_puts(&msg, "missing \"}\" before it");
		if (p->obj)
			text_printf(&msg, ", of the %s \"%s\" that begins in line %u",
				    kinds[p->obj->kind].word, p->obj->name,
				    place_line(&p->obj->place));
		at = p->words->place;
	} else {
		if (token == YYSYMBOL_YYEOF)
			text_puts(&msg, "the file ends here");
		else
			text_puts(&msg, "unexpected ");
		if (token != YYSYMBOL_YYEOF)
			describe(&msg, &at, token);
		if (p->n_words && token != YYSYMBOL_STRAY)
			text_printf(&msg, ", missing \";\" after \"%.*s\"?",
				    WORD_ARG(&p->words[p->n_words - 1]));
	}
	diag_error(p->cfg, &at, "%s", msg.s);
	text_free(&msg);
	return 0;
}

bool parse_text(struct parse *p)
{
	struct scan scan = { .parse = p };
	void *scanner;
	int ret;

	if (yylex_init_extra(&scan, &scanner))
		return false;
	yy_scan_bytes(p->in->data, p->in->len, scanner);
	ret = yyparse(p, scanner);
	yylex_destroy(scanner);
	return !ret;
}
