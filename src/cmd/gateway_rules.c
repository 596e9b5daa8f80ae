/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/gateway_check.h"

struct rule {
    enum effect effect;
    const char *why; /* NULL: the finding's own title */
};

/* What a finding means for each mode; those that are not here stop nobody in either. */
static const struct rule rules[PROBE_CODES][MODES] = {
#define BOTH(code, effect, why) [code] = {{effect, why}, {effect, why}}
#define NOBODY_GETS_THERE       "signet cannot reach it from here"
    BOTH(PROBE_NAME, STOPS, NOBODY_GETS_THERE),
    BOTH(PROBE_UNREACHABLE, STOPS, NOBODY_GETS_THERE),
    BOTH(PROBE_BROKEN, STOPS, NOBODY_GETS_THERE),
    BOTH(PROBE_TIMEOUT, STOPS, NOBODY_GETS_THERE),
    BOTH(PROBE_NOT_HTTP, STOPS, NOBODY_GETS_THERE),
    BOTH(PROBE_TLS, STOPS, NOBODY_GETS_THERE),
    BOTH(PROBE_TLS_TRUST, STOPS, "the gateway does not trust its https: add it with --trust FILE"),
    BOTH(PROBE_TLS_ROOT, STOPS, "the gateway does not trust its https: add it with --trust FILE"),
    BOTH(PROBE_TLS_NAME, STOPS, "its TLS certificate is for another name than --upstream"),
    BOTH(PROBE_REDIRECT, STOPS, "the gateway follows no redirect: put the target into --upstream"),
    BOTH(PROBE_WEB_PAGE, STOPS, "a web page instead of SCEP: is --upstream right?"),
    BOTH(PROBE_CAPS_STATUS, OPEN,
         "GetCACaps is not answered: signet goes on as if nothing were listed"),
    BOTH(PROBE_CA_STATUS, STOPS, "GetCACert is not answered: are --upstream and --message right?"),
    BOTH(PROBE_CA_FORM, STOPS, NULL),
    BOTH(PROBE_THUMBPRINT, STOPS, "its CA is not the one that is pinned"),
    [PROBE_RA_USAGE] = {{STOPS, "its RA certificate does not suit Windows: use RA mode"},
                        {MENDED, NULL}},
    [PROBE_RA_EKU] = {{OPEN, NULL}, {MENDED, NULL}},
    [PROBE_RA_ISSUER] = {{STOPS, "the CA that issued its RA is missing: add it with --chain FILE, "
                                 "or use RA mode"},
                         {MENDED, NULL}},
    BOTH(PROBE_CA_KEY, STOPS, "nothing can be encrypted to it: its certificate has no RSA key"),
    BOTH(PROBE_CA_VALIDITY, STOPS, NULL),
    [PROBE_CRL] = {{OPEN, NULL}, {MENDED, NULL}},
    BOTH(PROBE_REVOKED, OPEN, NULL),
    BOTH(PROBE_CLOCK, OPEN, NULL),

    [PROBE_OAEP] = {{STOPS, "cannot read OAEP: use RA mode"}, {MENDED, NULL}},
    [PROBE_OPERATION_STATUS] = {{STOPS, NULL},
                                {BLINDS, "it did not answer signet's request; --challenge tells "
                                         "whether it does with one"}},
    BOTH(PROBE_REPLY_FORM, STOPS, NULL),
    [PROBE_REPLY_ATTRIBUTE] = {{STOPS, "the CertRep lacks an attribute, and Windows wants all: use "
                                       "RA mode"},
                               {MENDED, NULL}},
    BOTH(PROBE_REPLY_TRANSACTION, STOPS, NULL),
    [PROBE_REPLY_NONCE] = {{OPEN, NULL}, {STOPS, "recipientNonce is not what signet sent"}},
    BOTH(PROBE_REPLY_SIGNER, STOPS, NULL),
    BOTH(PROBE_REPLY_SIGNATURE, STOPS, NULL),
    [PROBE_REFUSED] =
        {{STOPS, "the upstream refused the request: a wrong or used challenge, or a "
                 "rule of its own, as against a second certificate for one subject "
                 "(micromdm/scep: -allowrenew 0): take a new --subject"},
         {BLINDS,
          "it refused signet's request: it wants a challenge (micromdm/scep: no -challenge), or the subject has a certificate already (-allowrenew 0): take a new --subject"}},
    BOTH(PROBE_REPLY_CLOSED, STOPS, NULL),
    [PROBE_REPLY_CERTS] = {{OPEN, NULL}, {MENDED, NULL}},
    BOTH(PROBE_CERT_KEY, STOPS, NULL),
    BOTH(PROBE_CERT_VALIDITY, OPEN,
         "the new certificate is valid only from the moment of its issue, or not yet: a host whose "
         "clock is behind throws it away; back-date NotBefore at the upstream if it can, or see to "
         "the hosts' clocks"),
    BOTH(PROBE_CERT_EXPIRED, STOPS, NULL),
    [PROBE_CERT_CHAIN] = {{OPEN, NULL},
                          {STOPS, "the certificate is not issued by the pinned CA: add its own CA "
                                  "with --chain FILE"}},
#undef BOTH
#undef NOBODY_GETS_THERE
};

struct ruling gateway_rule(const struct probe_entry *found, enum gateway_mode mode) {
    const struct rule *rule = &rules[found - probe_entry(0)][mode];
    return (struct ruling){rule->effect, rule->why ? rule->why : found->title, found->name};
}
