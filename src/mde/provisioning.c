/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The wap-provisioningdoc: certificates, the w7 account, the poll schedule, in the structure that a
 * real host accepted (windows-mdm.md, C.6). Upper-case names, case matters.
 */
#include "mde/mde.h"

#include <ctype.h>

#include "base/text.h"
#include "crypto/key.h"
#include "wire/mdm.h"

static void open_group(struct buf *b, const char *type) {
    buf_str(b, "<characteristic type=\"");
    xml_escape(b, span_str(type));
    buf_str(b, "\">");
}

static void close_groups(struct buf *b, int count) {
    while (count--)
        xml_close(b, "characteristic");
}

static void parm(struct buf *b, const char *name, struct span value) {
    buf_printf(b, "<parm name=\"%s\" value=\"", name);
    xml_escape(b, value);
    buf_str(b, "\"/>");
}

static void parm_str(struct buf *b, const char *name, const char *value) {
    parm(b, name, span_str(value));
}

static void parm_integer(struct buf *b, const char *name, unsigned value) {
    buf_printf(b, "<parm name=\"%s\" value=\"%u\" datatype=\"integer\"/>", name, value);
}

/* The store names a certificate by its SHA-1 in upper case; the group stays open. */
static enum err open_cert(struct buf *b, struct span der) {
    uint8_t sha1[DIGEST_MAX_SIZE];
    char hex[2 * DIGEST_MAX_SIZE + 1];
    TRY(digest_of(DIGEST_SHA1, der, sha1));
    hex_upper(span_of(sha1, digest_size(DIGEST_SHA1)), hex);
    open_group(b, hex);
    buf_str(b, "<parm name=\"EncodedCertificate\" value=\"");
    base64_encode(b, der);
    buf_str(b, "\"/>");
    return OK;
}

static enum err write_certs(struct buf *b, const struct mde_provisioning *p) {
    open_group(b, "CertificateStore");
    open_group(b, "Root");
    open_group(b, "System");
    TRY(open_cert(b, p->root_cert));
    close_groups(b, 3);
    open_group(b, "My");
    open_group(b, p->user_store ? "User" : "System");
    TRY(open_cert(b, p->device_cert));
    close_groups(b, 1);
    open_group(b, "PrivateKeyContainer");
    close_groups(b, 4);
    return OK;
}

static void percent_encode(struct buf *b, const char *s) {
    for (; *s; s++) {
        if (isalnum((unsigned char)*s) || strchr("-._~", *s))
            buf_char(b, *s);
        else
            buf_printf(b, "%%%02X", (unsigned char)*s);
    }
}

/* Without these criteria no capture shows that a host presents its certificate (B.6). */
static void write_cert_criteria(struct buf *b, const struct mde_provisioning *p) {
    BUF_AUTO(value);
    buf_str(&value, "Subject=");
    percent_encode(&value, p->subject);
    buf_str(&value, p->user_store ? "&Stores=My%5CUser" : "&Stores=My%5CSystem");
    parm(b, "SSLCLIENTCERTSEARCHCRITERIA", buf_view(&value));
}

/* w7 wants both, although TLS proves the device; the captured host was content with these values.
 */
static void write_app_auth(struct buf *b) {
    open_group(b, "APPAUTH");
    parm_str(b, "AAUTHLEVEL", "CLIENT");
    parm_str(b, "AAUTHTYPE", "DIGEST");
    parm_str(b, "AAUTHSECRET", "dummy");
    parm_str(b, "AAUTHDATA", "nonce");
    close_groups(b, 1);
    open_group(b, "APPAUTH");
    parm_str(b, "AAUTHLEVEL", "APPSRV");
    parm_str(b, "AAUTHTYPE", "DIGEST");
    parm_str(b, "AAUTHNAME", "dummy");
    parm_str(b, "AAUTHSECRET", "dummy");
    parm_str(b, "AAUTHDATA", "nonce");
    close_groups(b, 1);
}

static void write_account(struct buf *b, const struct mde_provisioning *p) {
    open_group(b, "APPLICATION");
    parm_str(b, "APPID", "w7");
    parm_str(b, "PROVIDER-ID", p->provider_id);
    parm_str(b, "NAME", p->name);
    parm_str(b, "ADDR", p->management_url);
    parm_str(b, "ROLE", "4294967295");
    parm_str(b, "CONNRETRYFREQ", "6");
    parm_str(b, "INITIALBACKOFFTIME", "30000");
    parm_str(b, "MAXBACKOFFTIME", "120000");
    buf_str(b, "<parm name=\"BACKCOMPATRETRYDISABLED\"/>");
    parm_str(b, "DEFAULTENCODING", TYPE_SYNCML);
    write_cert_criteria(b, p);
    write_app_auth(b);
    close_groups(b, 1);
}

/* The last set never ends, or a host would stop asking (A.8). */
static void write_schedule(struct buf *b, const struct mde_provisioning *p) {
    open_group(b, "DMClient");
    open_group(b, "Provider");
    open_group(b, p->provider_id);
    open_group(b, "Poll");
    parm_integer(b, "IntervalForFirstSetOfRetries", p->first_interval);
    parm_integer(b, "NumberOfFirstRetries", p->first_retries);
    parm_integer(b, "IntervalForSecondSetOfRetries", p->second_interval);
    parm_integer(b, "NumberOfSecondRetries", p->second_retries);
    parm_integer(b, "IntervalForRemainingScheduledRetries", p->remaining_interval);
    parm_integer(b, "NumberOfRemainingScheduledRetries", 0);
    buf_str(b, "<parm name=\"PollOnLogin\" value=\"true\" datatype=\"boolean\"/>");
    close_groups(b, 4);
}

static enum err check(const struct mde_provisioning *p) {
    if (!p->root_cert.n || !p->device_cert.n)
        return err_set(ERR_INTERNAL, "provisioning document without a certificate");
    if (!*p->provider_id)
        return err_set(ERR_CONFIG, "the provider id is empty; give it letters and digits");
    for (const char *s = p->provider_id; *s; s++)
        if (!isalnum((unsigned char)*s) && !strchr("-._", *s))
            return err_set(ERR_CONFIG,
                           "provider id \"%.64s\": Windows trips over blanks and signs in it; use "
                           "letters, digits, '-', '.' and '_'",
                           p->provider_id);
    return OK;
}

enum err mde_write_provisioning(struct arena *a, struct buf *b, const struct mde_provisioning *p) {
    (void)a;
    TRY(check(p));
    buf_str(b, "<?xml version=\"1.0\" encoding=\"UTF-8\"?><wap-provisioningdoc version=\"1.1\">");
    TRY(write_certs(b, p));
    write_account(b, p);
    write_schedule(b, p);
    xml_close(b, "wap-provisioningdoc");
    return OK;
}
