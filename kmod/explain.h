/* SPDX-License-Identifier: GPL-2.0 */
/* explain: what would be decided for a packet, in attributes. */
#ifndef _ERNAT_EXPLAIN_H
#define _ERNAT_EXPLAIN_H

#include <net/genetlink.h>
#include <uapi/linux/ernat.h>

extern const struct nla_policy ernat_flow_policy[ERNAT_FLOW_MAX + 1];

int ernat_explain_do(struct sk_buff *request, struct genl_info *info);

#endif /* _ERNAT_EXPLAIN_H */
