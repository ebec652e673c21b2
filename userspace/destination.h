/* SPDX-License-Identifier: GPL-2.0-or-later */
/* destination: what one destination takes of one pool. */
#ifndef _ERNAT_DESTINATION_H
#define _ERNAT_DESTINATION_H

#include "stream.h"

extern const struct stream_view destination_view;

#endif /* _ERNAT_DESTINATION_H */
