/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _ERNAT_VERSION_H
#define _ERNAT_VERSION_H

/* Of module and command; dkms.conf repeats it. */
#define ERNAT_VERSION "0.1.0"

#endif /* _ERNAT_VERSION_H */
