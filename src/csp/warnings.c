/* SPDX-License-Identifier: Apache-2.0 */
/* Literals where signet has a value of its own: legal, and useful to see an enrollment fail. */
#include "csp/profile.h"

enum err profile_warnings(struct arena *a, struct span text, bool relay, struct buf *out) {
    struct profile p;
    TRY(profile_read(a, text, &p));
    if (!span_is(p.server_url, "{{scep.url}}")) {
        buf_str(out, "ServerURL is not {{scep.url}}: signet does not see the request, and cannot "
                     "confirm what it did not issue\n");
        return OK; /* the rest belongs to that server */
    }
    if (!span_is(p.challenge, "{{scep.challenge}}"))
        buf_str(out, relay ? "Challenge is fixed: it can be read on every host, and can then name "
                             "anyone\n"
                           : "Challenge is not {{scep.challenge}}: our CA refuses a challenge that "
                             "it did not mint: write {{scep.challenge}}\n");
    if (!span_is(p.ca_thumbprint, "{{scep.ca_thumbprint}}"))
        buf_str(out, "CAThumbprint is fixed: {{scep.ca_thumbprint}} is always right\n");
    return OK;
}
