/* SPDX-License-Identifier: GPL-2.0 */
/* attr: attributes that objects have in common, checked and taken over. */
#ifndef _ERNAT_ATTR_H
#define _ERNAT_ATTR_H

#include <net/netlink.h>
#include "transaction.h"

extern const struct nla_policy ernat_set_policy[ERNAT_SET_MAX + 1];
extern const struct nla_policy ernat_pool_policy[ERNAT_POOL_MAX + 1];
extern const struct nla_policy ernat_source_policy[ERNAT_SOURCE_MAX + 1];
extern const struct nla_policy ernat_rule_policy[ERNAT_RULE_MAX + 1];
extern const struct nla_policy ernat_settings_policy[ERNAT_SETTINGS_MAX + 1];
extern const struct nla_policy ernat_range_policy[ERNAT_RANGE_MAX + 1];

/**
 * ernat_attr_parse - attributes of a nest by their type
 * @tb: result, of @max + 1
 * @lists: bit mask of the types that may be repeated
 *
 * Any other that is given twice is refused.
 */
int ernat_attr_parse(struct ernat_net *en, struct netlink_ext_ack *extack,
		     struct nlattr **tb, int max, const struct nlattr *nest,
		     const struct nla_policy *policy, u32 lists);

/* One address, 4 or 16 bytes. */
int ernat_attr_address(struct ernat_net *en, struct netlink_ext_ack *extack,
		       const struct nlattr *attr, u8 *family,
		       struct ernat_ip *ip);
/* FIRST and LAST of a range. */
int ernat_attr_span(struct ernat_net *en, struct netlink_ext_ack *extack,
		    struct nlattr *const *tb, const struct nlattr *range,
		    u8 *family, struct ernat_span *span);

/* Copies a name that can be an object's. @name: of ERNAT_NAME_MAX. */
int ernat_attr_name(struct ernat_net *en, struct netlink_ext_ack *extack,
		    const struct nlattr *attr, char *name);
/* Checks a device name; @wildcard: a '*' may end it. */
int ernat_attr_device(struct ernat_net *en, struct netlink_ext_ack *extack,
		      const struct nlattr *attr, bool wildcard);

/* What follows takes over attributes of an object of a transaction. */

/* Those of type @type in @nest; @pool: state and router may be given. */
int ernat_attr_ranges(struct ernat_transaction *tr, const struct nlattr *nest,
		      int type, bool pool, struct ernat_ranges *ranges);
int ernat_attr_match(struct ernat_transaction *tr, const struct nlattr *nest,
		     bool may_local, struct ernat_match *m);
int ernat_attr_devs(struct ernat_transaction *tr, const struct nlattr *nest,
		    bool wildcard, struct ernat_devs *devs);
int ernat_attr_sources(struct ernat_transaction *tr, const struct nlattr *nest,
		       struct ernat_source_list *list);
/* Elements of @size bytes, at least one. */
int ernat_attr_array(struct ernat_transaction *tr, const struct nlattr *attr,
		     size_t size, void *v, unsigned int *n);
int ernat_attr_ports(struct ernat_transaction *tr, const struct nlattr *attr,
		     u16 lowest, struct ernat_u16_ranges *ports);
int ernat_attr_mark(struct ernat_transaction *tr, const struct nlattr *attr,
		    struct ernat_mark *mark);
int ernat_attr_userdata(struct ernat_transaction *tr, const struct nlattr *attr,
			struct ernat_userdata *userdata);

#endif /* _ERNAT_ATTR_H */
