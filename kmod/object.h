/* SPDX-License-Identifier: GPL-2.0 */
/* object: what ADD brings, taken into a transaction or refused. */
#ifndef _ERNAT_OBJECT_H
#define _ERNAT_OBJECT_H

#include "transaction.h"

/* @attrs: of the whole message, ERNAT_A_MAX + 1. */
int ernat_object_add(struct ernat_transaction *tr, struct nlattr **attrs);

#endif /* _ERNAT_OBJECT_H */
