/* SPDX-License-Identifier: Apache-2.0 */
/* What the host says to commands of plan.c and deliver.c, which have no source of their own. */
#ifndef SIGNET_MDM_FINDINGS_H
#define SIGNET_MDM_FINDINGS_H

#include "mdm/source.h"

void findings_status(struct exchange *x, const struct heard *heard);
enum err findings_results(struct exchange *x, const struct heard *heard) ERR_MUST_USE;

#endif
