/* SPDX-License-Identifier: Apache-2.0 */
#include "device/builds.h"

#include <string.h>

#define NDES_CLIENT(build) "User-Agent: Mozilla/4.0 (compatible; Win32; NDES client " build ")"

const struct device_build device_builds[] = {
    {"captured",
     "10.0.19043.2364",
     "10.0.19043.2",
     NDES_CLIENT("10.0.19043.2364/vb_release_svc_prod1"),
     "Windows 10 Enterprise",
     {{NULL, NULL}},
     "what was captured, of more than one host: enrollment and session of Windows 10 19043.2364 in "
     "2023, a PKCSReq of 2024 whose build is not known"},
    {"win10-19043",
     "10.0.19043.2364",
     "10.0.19043.2",
     NDES_CLIENT("10.0.19041.746/vb_release_svc_prod1"),
     "Windows 10 Enterprise",
     {{"mde-csr", "printable"}, {"signer-aki", "plain"}, {NULL, NULL}},
     "the captured enrollment and session; the User-Agent that was seen for its branch; its signer's "
     "AKI is in an emulator that was written beside one"},
    {"win11-22621",
     "10.0.22621.2506",
     "10.0.22621.2",
     NDES_CLIENT("10.0.22621.2506/ni_release_svc_prod3"),
     "Windows 11 Enterprise",
     {{"mde-csr", "utf8"}, {NULL, NULL}},
     "the User-Agent in a log of Microsoft's support; that its enrollment's CSR is the newer one is "
     "inferred"},
    {"win11-26100",
     "10.0.26100.9278",
     "10.0.26100.2",
     NDES_CLIENT("10.0.26100.9278/ge_release_svc_prod3"),
     "Windows 11 Enterprise",
     {{"mde-csr", "utf8"}, {NULL, NULL}},
     "the User-Agent in a CA vendor's log of 2026; that its enrollment's CSR is the newer "
     "one is inferred"},
};
const size_t device_build_count = sizeof device_builds / sizeof *device_builds;

const struct device_build *build_find(const char *name) {
    for (size_t i = 0; i < device_build_count; i++)
        if (strcmp(device_builds[i].name, name) == 0)
            return &device_builds[i];
    return NULL;
}

const char *build_switch(const struct device_build *b, const char *name) {
    for (size_t i = 0; i < BUILD_SWITCHES && b->switches[i].name; i++)
        if (strcmp(b->switches[i].name, name) == 0)
            return b->switches[i].value;
    return NULL;
}
