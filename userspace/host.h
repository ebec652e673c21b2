/* SPDX-License-Identifier: GPL-2.0-or-later */
/* host: what one inside host takes of one pool, and why it failed last. */
#ifndef _ERNAT_HOST_H
#define _ERNAT_HOST_H

#include "stream.h"

extern const struct stream_view host_view;

#endif /* _ERNAT_HOST_H */
