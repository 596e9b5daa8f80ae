/* SPDX-License-Identifier: Apache-2.0 */
#include "explain/hresult.h"

static const struct explain_entry http_other = {
    .name = "HTTP_E_STATUS",
    .meaning = "an HTTP error (the last three hex digits are its status)",
    .here =
        "the SCEP server, or a proxy before it, answered one of Windows' requests with an HTTP error",
    .cause = "the SCEP server or a proxy before it refused the request",
    .cure = "look into the SCEP server's log at the time of this event",
    .steps = STEP_HTTP,
    .evidence = EXPLAIN_SEEN,
    .fact = "windows-scep.md 1.16: 0x80190000 + status"};

static const struct explain_entry unknown = {
    .name = "unknown",
    .meaning = "code not known to signet",
    .here = "code not known",
    .cause = "not known",
    .cure =
        "look the code up in winerror.h, and at the events 32 and 307 in the host's Event Viewer "
        "(DeviceManagement-Enterprise-Diagnostics-Provider/Admin)",
    .evidence = EXPLAIN_NOT_KNOWN,
    .fact = "none"};

enum { HTTP_FIRST = 0x190, HTTP_LAST = 0x257 };

static const struct explain_entry *own_entry(uint32_t code) {
    const struct explain_entry *e = explain_entry_find(&explain_hresult_scep, code);
    if (!e)
        e = explain_entry_find(&explain_hresult_mdm, code);
    return e ? e : explain_entry_find(&explain_hresult_windows, code);
}

const struct explain_entry *hresult_find(uint32_t code) {
    const struct explain_entry *e = own_entry(code);
    if (e)
        return e;
    bool http = code >= 0x80190000u + HTTP_FIRST && code <= 0x80190000u + HTTP_LAST;
    return http ? &http_other : &unknown;
}

bool hresult_known(uint32_t code) {
    return own_entry(code) != NULL;
}

const char *hresult_facility(uint32_t code) {
    static const struct {
        uint32_t upper;
        const char *words;
    } facilities[] = {
        {0x8007, "a Win32 error: the lower four hex digits are its number (net helpmsg)"},
        {0x8009, "security and cryptography (winerror.h: SSPI, CryptoAPI, certificate services)"},
        {0x800B, "trust of certificates (winerror.h)"},
        {0x8010, "smart cards and key containers (winerror.h)"},
        {0x8018, "MDM enrollment (MDMRegistration.h)"},
        {0x8019, "HTTP: the lower four hex digits are the status"},
        {0x801C, "registration of the device with Entra ID (DSREG_E_...)"},
        {0x8028, "TPM and its services (winerror.h: TPM_E_..., TBS_E_...)"},
        {0x8600, "OMA DM client"},
        {0x87D1,
         "Intune's own (Microsoft, Common error codes and descriptions in Microsoft Intune)"},
    };
    for (size_t i = 0; i < sizeof facilities / sizeof *facilities; i++)
        if (code >> 16 == facilities[i].upper)
            return facilities[i].words;
    return "none that we know";
}

/* ---- PFXCertInstall ---- */

struct explain_entry hresult_of_pfx(uint32_t code) {
    enum { WIN32 = 0x10000 };
    const uint32_t whole = code < WIN32 ? 0x80070000 | code : code;
    bool win32 = whole >> 16 == 0x8007;
    const struct explain_entry *own =
        win32 ? explain_entry_find(&explain_pfx_table, whole & 0xffff) : NULL;
    if (own)
        return *own;
    struct explain_entry e = hresult_known(whole) ? *hresult_find(whole) : unknown;
    if (!hresult_known(whole) || !e.meaning)
        e.meaning = "meaning not known";
    e.number = code;
    e.cause = "not known";
    e.cure = "look the code up in winerror.h, and at the host's Event Viewer "
             "(DeviceManagement-Enterprise-Diagnostics-Provider/Admin)";
    return e;
}

static bool hex_parse(struct span digits, uint32_t *out) {
    uint32_t v = 0;
    if (digits.n < 1 || digits.n > 8)
        return false;
    for (size_t i = 0; i < digits.n; i++) {
        uint8_t c = digits.p[i];
        if (c >= '0' && c <= '9')
            v = v << 4 | (uint32_t)(c - '0');
        else if ((c | 0x20) >= 'a' && (c | 0x20) <= 'f')
            v = v << 4 | (uint32_t)((c | 0x20) - 'a' + 10);
        else
            return false;
    }
    *out = v;
    return true;
}

bool hresult_parse(struct span text, uint32_t *out) {
    text = span_trim(text);
    if (span_starts(text, "0x") || span_starts(text, "0X"))
        return hex_parse(span_from(text, 2), out);
    int64_t v;
    if (!span_int(text, &v) || v < INT32_MIN || v > UINT32_MAX)
        return false;
    *out = (uint32_t)v;
    return true;
}
