/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How large a recording gets. The recorder cuts or ends there, so that nobody fills a disk from
 * outside; the reader takes no more, as a recording may come by mail. What the one writes the other
 * reads.
 */
#ifndef SIGNET_RECORD_LIMITS_H
#define SIGNET_RECORD_LIMITS_H

enum {
    RECORD_MAX_TEXT = 256 << 10, /* of the host's part, and of the server's; then it is cut */
    RECORD_MAX_FILE = 4 << 20,   /* of both: what is begun at the limit is finished */
    RECORD_MAX_LINES = 200000,   /* of a file; each line of a part has 4 characters at least */
    RECORD_MAX_DEPTH = 160,      /* levels: an XML document in one, and DER, end before */
    RECORD_MAX_FILES = 20000,    /* exchanges; then the recording ends */
    RECORD_MAX_MB = 256,         /* on the disk, each file in whole blocks; then it ends */
    RECORD_BLOCK = 4096,
};

#endif
