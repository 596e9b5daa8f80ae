/* SPDX-License-Identifier: Apache-2.0 */
/* The listeners of [server]: their values, and what takes several keys to be wrong. */
#include <string.h>
#include <strings.h>

#include "mdm/mdm.h"
#include "server/config_keys.h"

enum err config_read_door(const struct config_value *v, void *field) {
    struct address *out = field;
    if (strncmp(v->text, "unix:", 5) != 0)
        return config_read_address(v, field);
    struct config_value path = *v;
    path.text += 5;
    *out = (struct address){.host = ""};
    if (!*path.text)
        return err_set(ERR_CONFIG, "'unix:' without a path");
    return config_read_file(&path, &out->path);
}

/* A token (RFC 9110, 5.6.2), as far as anyone calls a header so. */
enum err config_read_field_name(const struct config_value *v, void *field) {
    static const char characters[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_";
    if (!*v->text || v->text[strspn(v->text, characters)])
        return err_set(ERR_CONFIG, "'%s' is not the name of a header, such as Client-Cert",
                       v->text);
    return config_read_text(v, field);
}

static bool same_address(const struct address *a, const struct address *b) {
    return a->port && a->port == b->port && strcmp(a->host, b->host) == 0;
}

static enum err check_forwarded(const struct config *c, const char **key) {
    const struct address *door = &c->listen_forwarded;
    *key = "listen-forwarded";
    if (door->port && !c->forwarded_ca && !c->forwarded_secret)
        return err_set(ERR_CONFIG,
                       "anyone who reaches listen-forwarded could name any certificate: give "
                       "forwarded-ca or forwarded-secret-file, or listen at unix:PATH");
    if (same_address(door, &c->listen_public) || same_address(door, &c->listen_management) ||
        same_address(door, &c->listen_plain))
        return err_set(ERR_CONFIG, "listen-forwarded must be a listener of its own");
    if ((door->port || door->path) && c->device_auth == DEVICE_AUTH_MD5)
        return err_set(ERR_CONFIG, "listen-forwarded brings certificates, and device-auth = md5 "
                                   "takes none: set it to certificate or both");
    *key = "forwarded-ca";
    if (c->forwarded_ca && !door->port)
        return err_set(ERR_CONFIG, "forwarded-ca is for listen-forwarded = ADDRESS:PORT");
    *key = "forwarded-group";
    if (c->forwarded_group && !door->path)
        return err_set(ERR_CONFIG, "forwarded-group is for listen-forwarded = unix:PATH");
    *key = "forwarded-secret-file";
    if (c->forwarded_secret && !door->port && !door->path)
        return err_set(ERR_CONFIG, "forwarded-secret-file is for listen-forwarded");
    return OK;
}

/* The name in a URL that config_read_url took. */
static struct span name_of(const char *url) {
    const char *host = strstr(url, "://") + 3;
    return span_of(host, strcspn(host, ":/"));
}

/* An IP address is in no SNI, and so tells nobody apart. */
static bool is_name(struct span host) {
    bool letter = false;
    for (size_t i = 0; i < host.n; i++)
        letter = letter || (host.p[i] >= 'A' && host.p[i] != '[');
    return letter;
}

enum err config_check_doors(const struct config *c, const char **key) {
    struct span ours = name_of(c->public_url), theirs = name_of(c->management_url);
    *key = "listen-management";
    bool same_name = ours.n == theirs.n &&
                     strncasecmp((const char *)ours.p, (const char *)theirs.p, ours.n) == 0;
    if (same_address(&c->listen_public, &c->listen_management) && (same_name || !is_name(theirs)))
        return err_set(
            ERR_CONFIG,
            "on the address of listen-public, management-url needs a DNS name other than "
            "that of public-url: it tells the two apart");
    return check_forwarded(c, key);
}
