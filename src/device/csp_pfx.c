/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ClientCertificateInstall/PFXCertInstall (windows-mdm.md, A.4). Add or Replace of PFXCertBlob
 * imports at once; what it needs must stand there before.
 *
 * Where Windows keeps the nodes is not known, so they have a key that no one takes for Windows'
 * own. From the import on, PFXCertBlob and PFXCertPassword only exist there, without their values.
 */
#include "device/csp_pfx.h"

#include "base/log.h"
#include "base/text.h"
#include "device/csptree.h"
#include "device/pfx.h"
#include "wire/mdm.h"

#define KEY_MACHINE "HKEY_LOCAL_MACHINE\\SOFTWARE\\signet\\PFXCertInstall"
#define KEY_USER    "HKEY_CURRENT_USER\\SOFTWARE\\signet\\PFXCertInstall"

/* GetLastError after PFXImportCertStore, as far as it is known. */
enum { ERROR_SUCCESS = 0, ERROR_INVALID_PASSWORD = 86 };

enum { LOCATION_TPM = 1, LOCATION_TPM_OR_SOFTWARE = 2, LOCATION_SOFTWARE = 3 };

static const char *provider_path(const struct csp_target *t) {
    const struct enrollment *e = t->host->enrollment;
    return arena_printf(t->arena, "%s\\%s", t->user_scope ? KEY_USER : KEY_MACHINE,
                        e ? e->provider : "Local");
}

static const char *key_path(const struct csp_target *t) {
    return arena_printf(t->arena, "%s\\%s", provider_path(t), t->steps[0]);
}

static enum cert_store store_of(const struct csp_target *t) {
    return t->user_scope ? STORE_USER_MY : STORE_MY;
}

static bool hides(const struct csp_target *t, const char *name) {
    return strcmp(name, "Status") == 0 && host_switch_is(t->host, "pfx-status", "missing");
}

static int list_children(const struct csp_target *t, const struct reg_key *k,
                         struct csp_value *out) {
    BUF_AUTO(list);
    for (const struct reg_value *v = k->values; v; v = v->next)
        if (!hides(t, v->name))
            csp_list_add(&list, v->name);
    out->data = arena_copy(t->arena, buf_view(&list));
    return SYNCML_OK;
}

static int get(const struct csp_target *t, struct csp_value *out) {
    if (t->count == 0)
        return csp_key_list(t, provider_path(t), out);
    const char *path = key_path(t), *name = t->steps[1];
    struct reg_key *k = registry_open(t->host->registry, path);
    if (!k)
        return SYNCML_NOT_FOUND;
    if (t->count == 1)
        return list_children(t, k, out);
    if (hides(t, name))
        return SYNCML_NOT_FOUND;
    int code = csp_value_get(t, path, name, out);
    return code == SYNCML_NOT_FOUND && strcmp(name, "Thumbprint") == 0 ? csp_absent(t) : code;
}

static int set_node(const struct csp_target *t, bool add) {
    const char *path = key_path(t);
    if (registry_open(t->host->registry, path))
        return add ? SYNCML_ALREADY_EXISTS : SYNCML_OK;
    if (!add && !csp_upserts(t))
        return SYNCML_NOT_FOUND;
    registry_create(t->host->registry, path);
    return SYNCML_OK;
}

static uint32_t number(const struct reg_key *k, const char *name) {
    uint32_t n = 0;
    reg_number(k, name, &n);
    return n;
}

/*
 * What the parameters ask for and this host cannot do, or NULL. It has no Windows Hello.
 * PFXKeyExportable's own default counts as not said: else KeyLocation 2 alone would fail.
 */
static const char *find_obstacle(const struct host *h, const struct reg_key *k) {
    uint32_t location = number(k, "KeyLocation");
    const char *exportable = reg_text(k, "PFXKeyExportable");
    if (!reg_value(k, "KeyLocation"))
        return "KeyLocation is missing; it must be there before PFXCertBlob";
    if (location == LOCATION_TPM && !host_has_tpm(h))
        return "KeyLocation 1 needs a TPM; this host has none (the switch tpm)";
    if (location < LOCATION_TPM || location > LOCATION_SOFTWARE)
        return "KeyLocation 4 needs Windows Hello for Business; this host has none";
    if (exportable && span_is(span_trim(span_str(exportable)), "true") &&
        location != LOCATION_SOFTWARE)
        return "PFXKeyExportable may be true with KeyLocation 3 only";
    return number(k, "PFXCertPasswordEncryptionType")
               ? "an encrypted password; this host takes PFXCertPasswordEncryptionType 0 only"
               : NULL;
}

/* Overwriting: the certificate before goes with its key, if it is another one. */
static void install(const struct csp_target *t, struct reg_key *k, const struct pfx_content *pfx) {
    struct host *h = t->host;
    const char *old = reg_text(k, "Thumbprint");
    const struct cert_entry *e =
        certstore_add(&h->certs, &h->mem, store_of(t), pfx->cert, pfx->key);
    struct span fresh = span_str(arena_str(t->arena, span_str(e->thumbprint)));
    if (old && !span_is(fresh, old))
        certstore_remove(&h->certs, store_of(t), span_str(old));
    reg_set_text(h->registry, k, "Thumbprint", fresh);
}

static void log_failure(const struct csp_target *t, const char *why) {
    log_write(LOG_WARN, "device", "op=pfx id=%s why=%s", log_q(span_str(t->steps[0])),
              log_q(span_str(why)));
}

/* A failure whose code is known shows in Status; any other one fails the command. */
static int import(const struct csp_target *t, struct reg_key *k, struct span der) {
    struct registry *r = t->host->registry;
    struct pfx_content pfx;
    enum pfx_result result = pfx_open(t->arena, der, reg_text(k, "PFXCertPassword"), &pfx);
    if (result != PFX_OPENED)
        log_failure(t, pfx.why);
    if (result == PFX_UNUSABLE ||
        (result != PFX_OPENED && host_switch_is(t->host, "pfx-failure", "command")))
        return SYNCML_COMMAND_FAILED;
    if (result == PFX_OPENED)
        install(t, k, &pfx);
    reg_set_text(r, k, "PFXCertBlob", SPAN_NONE);
    if (reg_value(k, "PFXCertPassword"))
        reg_set_text(r, k, "PFXCertPassword", SPAN_NONE);
    reg_set_number(r, k, "Status", result == PFX_OPENED ? ERROR_SUCCESS : ERROR_INVALID_PASSWORD);
    return SYNCML_OK;
}

/* The DDF says it of this node alone: Replace fails where there is none, whatever the switch. */
static int set_blob(const struct csp_target *t, struct span data, bool add) {
    struct span der;
    struct reg_key *k = registry_open(t->host->registry, key_path(t));
    bool exists = reg_value(k, "PFXCertBlob") != NULL;
    if (exists == add)
        return add ? SYNCML_ALREADY_EXISTS : SYNCML_NOT_FOUND;
    const char *why = find_obstacle(t->host, k);
    if (!why && base64_decode(t->arena, data, &der) != OK)
        why = "PFXCertBlob is no base64";
    if (!why)
        return import(t, k, der);
    log_failure(t, why);
    return SYNCML_COMMAND_FAILED;
}

static int set(const struct csp_target *t, struct span data, bool add) {
    if (t->count < 2)
        return set_node(t, add);
    if (strcmp(t->steps[1], "PFXCertBlob") == 0)
        return set_blob(t, data, add);
    return csp_value_set(t, key_path(t), t->steps[1], data, add);
}

static void remove_key(struct host *h, const char *path, enum cert_store store) {
    const char *thumbprint = reg_text(registry_open(h->registry, path), "Thumbprint");
    if (thumbprint)
        certstore_remove(&h->certs, store, span_str(thumbprint));
    registry_delete(h->registry, path);
}

/* Only {UniqueID} knows Delete. */
static int remove_id(const struct csp_target *t) {
    const char *path = key_path(t);
    if (!registry_open(t->host->registry, path))
        return SYNCML_NOT_FOUND;
    remove_key(t->host, path, store_of(t));
    return SYNCML_OK;
}

static void remove_below(struct host *h, const char *root, const char *provider,
                         enum cert_store store) {
    ARENA_AUTO(a);
    const char *path = arena_printf(&a, "%s\\%s", root, provider);
    struct reg_key *k = registry_open(h->registry, path);
    while (k && k->child)
        remove_key(h, arena_printf(&a, "%s\\%s", path, k->child->name), store);
    registry_delete(h->registry, path);
}

void csp_pfx_remove_all(struct host *h, const char *provider) {
    remove_below(h, KEY_MACHINE, provider, STORE_MY);
    remove_below(h, KEY_USER, provider, STORE_USER_MY);
}

bool csp_pfx_in_tpm(const struct host *h, const struct reg_key *k) {
    uint32_t location = number(k, "KeyLocation");
    return host_has_tpm(h) && (location == LOCATION_TPM || location == LOCATION_TPM_OR_SOFTWARE);
}

const struct csp_provider csp_pfx_provider = {CSP_PFX_ROOT, get, set, remove_id, NULL};
