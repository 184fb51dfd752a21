/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The grammar of director.conf(5) as tables: one row for every word that can be written. Loading,
 * freeing, the digest, the suggestions for a mistyped word and the test of the man page all walk
 * these rows; a key that has no row does not exist.
 */
#ifndef DIRECTOR_CONFIG_KEYWORDS_H
#define DIRECTOR_CONFIG_KEYWORDS_H

#include "include/config.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum config_section {
	SECTION_TOP,
	SECTION_CLUSTER,
	SECTION_NODE,
	SECTION_VRRP,
	SECTION_TRACK_INTERFACE,
	SECTION_TRACK_COMMAND,
	SECTION_TRACK_FARM,
	SECTION_FARM,
	SECTION_PIN,
	SECTION_BACKEND,
	SECTION_CHECK,
	SECTION_METRICS,
	SECTION_DRILL,
	SECTION_CONTROL,
	N_SECTIONS,
};

/* What a value looks like in the file, and the C type of its field. */
enum keyword_type {
	KEYWORD_SECTION,
	KEYWORD_INCLUDE,   /* include("file"): spliced in by the lexer, no field */
	KEYWORD_BOOL,	   /* bool */
	KEYWORD_U8,	   /* uint8_t, min..max */
	KEYWORD_U16,	   /* uint16_t, min..max */
	KEYWORD_U32,	   /* uint32_t, min..max */
	KEYWORD_INT,	   /* int, min..max */
	KEYWORD_DURATION,  /* uint32_t milliseconds, min..max */
	KEYWORD_WORD,	   /* an enum: one of words */
	KEYWORD_ADDRESS,   /* struct addr that a host can have */
	KEYWORD_VIP,	   /* struct prefix around such an address */
	KEYWORD_PREFIX,	   /* struct prefix */
	KEYWORD_MAC,	   /* struct mac of one station */
	KEYWORD_PORTS,	   /* struct config_ports: "80" or "8000-8010" */
	KEYWORD_TEXT,	   /* const char *, not empty; this and all below */
	KEYWORD_NAME,	   /* the rules of a title */
	KEYWORD_INTERFACE, /* the name of a network interface */
	KEYWORD_PATH,	   /* absolute path of a file */
	KEYWORD_URL_PATH,  /* begins with "/", no blanks */
	KEYWORD_METHOD,	   /* capital letters */
	KEYWORD_HOST,	   /* the name of a host, no address */
	KEYWORD_GROUP,	   /* a group of users, by name or number */
	KEYWORD_REGEX,	   /* POSIX extended regular expression */
	KEYWORD_LISTEN,	   /* ADDRESS:PORT */
	KEYWORD_FILTER,	   /* a prefix, or "@/path/file" */
};

struct keyword_word {
	const char *name; /* NULL ends the list */
	int value;
};

struct keyword {
	const char *name;
	enum keyword_type type;
	const char *def; /* as it would be written; NULL: none */
	bool required;
	bool list; /* the field is a pointer, `count` its size_t */
	int64_t min, max;
	const struct keyword_word *words; /* KEYWORD_WORD */
	enum config_section section;	  /* KEYWORD_SECTION */
	size_t offset, count;		  /* of the field in the section's struct */
	size_t clients; /* KEYWORD_FILTER: of the struct config_clients made from the list */
};

/* Where the struct of a section lives in the struct of the section around it. */
enum section_place {
	PLACE_SAME,  /* its fields are fields of the section around it; at most once */
	PLACE_ONE,   /* embedded; count is the offset of a bool that says it is there */
	PLACE_FIXED, /* embedded array, counted */
	PLACE_ARRAY, /* heap array, counted */
};

struct section {
	const char *name;
	const struct keyword *rows; /* a NULL name ends them */
	enum section_place place;
	size_t room; /* most of them; 0: no limit */
	size_t size; /* of its struct */
	bool titled;
	size_t title; /* offset of the const char * that holds the title */
	enum keyword_type title_type;
};

const struct section *section_of(enum config_section s);
/* False for an element of an array that sections of several kinds share, when it is another's. */
bool section_holds(enum config_section s, const void *object);
/* The row of that name in a section, or NULL. */
const struct keyword *keyword_find(enum config_section s, const char *name);
/* The row whose name is nearest to what was written, or NULL when none is near. */
const struct keyword *keyword_suggest(enum config_section s, const char *written);
/* The word nearest to what was written, or NULL when none is near. */
const char *keyword_suggest_word(const struct keyword_word *words, const char *written);
/* The farm of the configuration, the backend of a farm, that is nearest, or NULL when none is near. */
const char *config_suggest_farm(const struct config *c, const char *written);
const char *config_suggest_backend(const struct config_farm *farm, const char *written);
/* The word that stands for a value. */
const char *keyword_word_name(const struct keyword_word *words, int value);
/* True when the field is a const char *. */
bool keyword_is_text(const struct keyword *k);

extern const struct keyword_word keyword_schedulers[];
extern const struct keyword_word keyword_protocols[];
extern const struct keyword_word keyword_auth_modes[];
extern const struct keyword_word keyword_check_types[];

#endif
