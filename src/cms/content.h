/* SPDX-License-Identifier: Apache-2.0 */
/* Inside cms/: the ContentInfo around every message (RFC 5652, 3). */
#ifndef SIGNET_CMS_CONTENT_H
#define SIGNET_CMS_CONTENT_H

#include "der/der.h"

/* `content` stands at the content of a message of this type, which is DER then. ERR_PARSE. */
enum err cms_content(struct arena *a, struct span message, const char *type, const char *type_name,
                     struct der *content) ERR_MUST_USE;

#endif
