/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The wap-provisioningdoc: certificates, the w7 account, the poll schedule, in the structure that a
 * real host accepted (windows-mdm.md, C.6). Upper-case names, case matters.
 */
#include "mde/internal.h"

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

static void parm_string(struct buf *b, const char *name, const char *value) {
    buf_printf(b, "<parm name=\"%s\" value=\"", name);
    xml_escape(b, span_str(value));
    buf_str(b, "\" datatype=\"string\"/>");
}

static void parm_true(struct buf *b, const char *name) {
    buf_printf(b, "<parm name=\"%s\" value=\"true\" datatype=\"boolean\"/>", name);
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

static enum err write_store_cert(struct buf *b, const char *store, struct span der) {
    open_group(b, store);
    open_group(b, "System");
    TRY(open_cert(b, der));
    close_groups(b, 3);
    return OK;
}

/* The identity; Windows finds the key that belongs to it. */
static enum err write_identity(struct buf *b, const struct mde_provisioning *p) {
    open_group(b, p->user_store ? "User" : "System");
    TRY(open_cert(b, p->device_cert));
    close_groups(b, 1);
    open_group(b, "PrivateKeyContainer");
    close_groups(b, 2);
    return OK;
}

/* How the host renews its identity by itself: ROBO, the only way that asks no user (C.8). */
static void write_renewal_settings(struct buf *b, const struct mde_provisioning *p) {
    open_group(b, "WSTEP");
    open_group(b, "Renew");
    parm_true(b, "ROBOSupport");
    parm_integer(b, "RenewPeriod", p->renew_days);
    parm_integer(b, "RetryInterval", p->retry_days);
    parm_string(b, "ServerURL", p->renew_url);
    close_groups(b, 2);
}

static enum err write_certs(struct buf *b, const struct mde_provisioning *p) {
    open_group(b, "CertificateStore");
    TRY(write_store_cert(b, "Root", p->root_cert));
    for (size_t i = 0; i < p->cas_count; i++)
        TRY(write_store_cert(b, "CA", p->cas[i]));
    open_group(b, "My");
    TRY(write_identity(b, p));
    if (p->renew_url)
        write_renewal_settings(b, p);
    close_groups(b, 2);
    return OK;
}

/* Without these criteria no capture shows that a host presents its certificate (B.6). */
static void write_cert_criteria(struct buf *b, const struct mde_provisioning *p) {
    BUF_AUTO(value);
    buf_str(&value, "Subject=");
    mde_percent_encode(&value, p->subject);
    buf_str(&value, p->user_store ? "&Stores=My%5CUser" : "&Stores=My%5CSystem");
    parm(b, "SSLCLIENTCERTSEARCHCRITERIA", buf_view(&value));
}

/*
 * w7 wants both: CLIENT is what the server proves itself to the host by, APPSRV the other way
 * round. Where TLS proves the device, the captured host was content with these dummies.
 */
static void write_app_auth(struct buf *b, const struct mde_app_auth *auth) {
    static const struct mde_app_auth none = {"dummy", "dummy", "dummy", "nonce"};
    auth = auth ? auth : &none;
    open_group(b, "APPAUTH");
    parm_str(b, "AAUTHLEVEL", "CLIENT");
    parm_str(b, "AAUTHTYPE", "DIGEST");
    parm_str(b, "AAUTHSECRET", auth->server_secret);
    parm_str(b, "AAUTHDATA", auth->nonce);
    close_groups(b, 1);
    open_group(b, "APPAUTH");
    parm_str(b, "AAUTHLEVEL", "APPSRV");
    parm_str(b, "AAUTHTYPE", "DIGEST");
    parm_str(b, "AAUTHNAME", auth->name);
    parm_str(b, "AAUTHSECRET", auth->host_secret);
    parm_str(b, "AAUTHDATA", auth->nonce);
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
    write_app_auth(b, p->app_auth);
    close_groups(b, 1);
}

/* The last set never ends, or a host would stop asking (A.8). */
static void write_poll(struct buf *b, const struct mde_provisioning *p) {
    open_group(b, "Poll");
    parm_integer(b, "IntervalForFirstSetOfRetries", p->first_interval);
    parm_integer(b, "NumberOfFirstRetries", p->first_retries);
    parm_integer(b, "IntervalForSecondSetOfRetries", p->second_interval);
    parm_integer(b, "NumberOfSecondRetries", p->second_retries);
    parm_integer(b, "IntervalForRemainingScheduledRetries", p->remaining_interval);
    parm_integer(b, "NumberOfRemainingScheduledRetries", 0);
    parm_true(b, "PollOnLogin");
    if (p->all_users_poll)
        parm_true(b, "AllUsersPollOnFirstLogin");
    close_groups(b, 1);
}

static void write_dm_client(struct buf *b, const struct mde_provisioning *p) {
    open_group(b, "DMClient");
    open_group(b, "Provider");
    open_group(b, p->provider_id);
    if (p->upn)
        parm_string(b, "UPN", p->upn);
    if (p->device_name)
        parm_string(b, "EntDeviceName", p->device_name);
    if (p->ent_dm_id)
        parm_string(b, "EntDMID", p->ent_dm_id);
    write_poll(b, p);
    close_groups(b, 3);
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

static void open_document(struct buf *b) {
    buf_str(b, "<?xml version=\"1.0\" encoding=\"UTF-8\"?><wap-provisioningdoc version=\"1.1\">");
}

enum err mde_write_provisioning(struct buf *b, const struct mde_provisioning *p) {
    TRY(check(p));
    open_document(b);
    TRY(write_certs(b, p));
    write_account(b, p);
    write_dm_client(b, p);
    xml_close(b, "wap-provisioningdoc");
    return OK;
}

/* The criteria by which the host chooses its certificate still hold: the subject is the same. */
enum err mde_write_renewal(struct buf *b, const struct mde_provisioning *p) {
    TRY(check(p));
    open_document(b);
    open_group(b, "CertificateStore");
    open_group(b, "My");
    TRY(write_identity(b, p));
    close_groups(b, 2);
    open_group(b, "APPLICATION");
    parm_str(b, "PROVIDER-ID", p->provider_id);
    close_groups(b, 1);
    xml_close(b, "wap-provisioningdoc");
    return OK;
}
