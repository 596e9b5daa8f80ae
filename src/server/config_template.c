/* SPDX-License-Identifier: Apache-2.0 */
/* A new signet.conf: every key with its default and what it is for. */
#include <unistd.h>

#include "base/file.h"
#include "server/config.h"

/* "https://host" with the port where it is not the scheme's own. */
static void put_url(struct buf *b, const char *scheme, const char *host, unsigned port,
                    unsigned usual) {
    bool v6 = strchr(host, ':') != NULL;
    buf_printf(b, "%s://%s%s%s", scheme, v6 ? "[" : "", host, v6 ? "]" : "");
    if (port != usual)
        buf_printf(b, ":%u", port);
}

static const char head[] =
    "# The configuration of signet. Read at the start; SIGHUP reads the TLS certificate and the CAs\n"
    "# anew. Times: 30s, 15m, 24h, 365d. Lists: items parted by commas. Files: from this folder on.\n\n";

static void put_listener(struct buf *b, const char *name, const char *host, unsigned port) {
    bool v6 = strchr(host, ':') != NULL;
    if (port)
        buf_printf(b, "listen-%s = %s%s%s:%u\n", name, v6 ? "[" : "", host, v6 ? "]" : "", port);
    else
        buf_printf(b, "listen-%s =\n", name);
}

static const char forwarded[] =
    "# For a proxy that ends TLS: where it brings sessions with the host's certificate in a header.\n"
    "# unix:PATH, open to the server's own user and to forwarded-group; or ADDRESS:PORT with TLS, and\n"
    "# then forwarded-ca (PEM: the CA of the proxy's client certificate), forwarded-secret-file (the\n"
    "# proxy sends the secret as Signet-Proxy-Secret), or both. The header has :base64: (RFC 9440) or\n"
    "# nginx's escaped PEM.\n"
    "listen-forwarded =\n"
    "forwarded-group =\n"
    "forwarded-ca =\n"
    "forwarded-secret-file =\n"
    "forwarded-header = Client-Cert\n"
    "# Connections that are held at once; each takes a file descriptor.\n"
    "connections = 20000\n";

static void put_server(struct buf *b, const struct config_seed *s) {
    BUF_AUTO(public);
    BUF_AUTO(management);
    if (s->public_url)
        buf_str(&public, s->public_url);
    else
        put_url(&public, "https", s->host, s->public_port, 443);
    for (; public.n && public.p[public.n - 1] == '/';)
    public.n--;
    put_url(&management, "https", s->host, s->management_port, 443);
    buf_printf(b,
               "[server]\n"
               "# Where hosts find discovery, enrollment and SCEP (through a tunnel: its URL).\n"
               "public-url = %s\n"
               "# Where enrolled hosts hold their SyncML sessions. They show a TLS client\n"
               "# certificate: nothing in between may end TLS but for listen-forwarded, below.\n"
               "management-url = %s\n"
               "# What {{scep.url}} in a profile stands for; Windows appends /pkiclient.exe.\n"
               "scep-url = %s/scep\n"
               "# Addresses to listen on. The first two may be the same where the two URLs have\n"
               "# different names. The plain one serves SCEP, CRLs and OCSP over http and nothing\n"
               "# else; leave it empty for none.\n",
               buf_cstr(&public), buf_cstr(&management), buf_cstr(&public));
    put_listener(b, "public", s->listen, s->public_port);
    put_listener(b, "management", s->listen, s->management_port);
    put_listener(b, "plain", s->listen, s->plain_port);
    buf_printf(b,
               "# PEM files.\n"
               "tls-cert = %s\n"
               "tls-key = %s\n"
               "%s"
               "# error, warn, info or debug\n"
               "log-level = info\n\n",
               s->tls_cert ? s->tls_cert : "tls.pem", s->tls_key ? s->tls_key : "tls.key",
               forwarded);
}

static const char scep_who[] =
    "# The SCEP endpoint of MDM's profiles. [endpoint \"NAME\"] is another, with the same keys and\n"
    "# the same defaults; its path is /scep/NAME.\n"
    "[scep]\n"
    "# Paths that are served; at most four.\n"
    "path = /scep\n"
    "# Which of the CAs below issues.\n"
    "ca = default\n"
    "# Where the right to a certificate comes from: one-time (challenges of MDM, of signet challenge\n"
    "# new, of the mscep-admin page), static (one secret for all), webhook (somebody else decides),\n"
    "# none (an administrator does). static wants subject and san below, or manual approval; none\n"
    "# wants approval.\n"
    "challenge = one-time\n"
    "static-challenge-file =\n"
    "# How long a challenge serves: MDM's from the moment in which it is sent to the host.\n"
    "challenge-lifetime = 1h\n"
    "# automatic, or manual: requests wait for signet request approve.\n"
    "approval = automatic\n"
    "# Requests of one address in a minute; 0: no limit.\n"
    "requests-per-minute = 0\n\n";

static const char scep_what[] =
    "# Keys that are taken; RSA ones within these sizes, whatever a profile says.\n"
    "keys = rsa, p256, p384\n"
    "rsa-min-bits = 2048\n"
    "rsa-max-bits = 4096\n"
    "# The most that a certificate may be good for: names or dotted OIDs; digitalSignature,\n"
    "# keyEncipherment, keyAgreement. A request without EKU gets the first.\n"
    "eku = clientAuth, smartcardLogon, emailProtection\n"
    "key-usage = digitalSignature, keyEncipherment\n"
    "# Rules for names, where * stands for anything; empty: none. What MDM's profiles promise is\n"
    "# held against the promise instead. Such as: CN=*,O=Example / dns:*.example.com, upn:*@example.com\n"
    "subject =\n"
    "san =\n"
    "# Life of an issued certificate, and how far back it begins: Windows discards one that begins\n"
    "# after the host's own clock. At most 24h.\n"
    "validity = 365d\n"
    "backdate = 10m\n"
    "# How long before its end a certificate may renew itself (0: never), and with its old key.\n"
    "renewal-window = 30d\n"
    "renewal-same-key = no\n"
    "# The device's SID (signet device set) in its certificate, for KB5014754: none, extension,\n"
    "# san-uri.\n"
    "strong-mapping = none\n\n";

static const char scep_how[] =
    "# GetCACert: ra (CA and one RA), split-ra (two RAs, as NDES), single (the CA alone).\n"
    "ca-certs = ra\n"
    "# For old clients: take single DES, and answer SHA-1 with SHA-1.\n"
    "allow-des = no\n"
    "mirror-sha1 = no\n"
    "# The NDES page on which other MDMs fetch challenges: its path, such as /certsrv/mscep_admin\n"
    "# (signet user add NAME --endpoint default), how long challenges are (16 or 32), and how many\n"
    "# open ones an account may have. Wants subject and san above, or manual approval.\n"
    "mscep-admin =\n"
    "mscep-digits = 16\n"
    "mscep-quota = 100\n"
    "# challenge = webhook: who is asked, as step-ca's SCEPCHALLENGE webhooks are.\n"
    "webhook-url =\n"
    "webhook-id =\n"
    "webhook-secret-file =\n"
    "# PEM file with the roots for its https; empty: those of the system.\n"
    "webhook-trust-file =\n"
    "webhook-timeout = 5s\n";

/* http: whoever checks a certificate fetches these before he trusts any TLS (RFC 5280, 8). */
static void put_revocation(struct buf *b, const struct config_seed *s) {
    BUF_AUTO(url);
    if (s->plain_port)
        put_url(&url, "http", s->host, s->plain_port, 80);
    const char *base = buf_cstr(&url);
    buf_str(
        b, "# What certificates say of where to learn whether they are revoked, and of their CA's\n"
           "# certificate; empty: nothing.\n");
    buf_printf(b, "crl-url = %s%s\n", base, url.n ? "/pki/{{ca}}.crl" : "");
    buf_printf(b, "ocsp-url = %s%s\n", base, url.n ? "/ocsp" : "");
    buf_printf(b, "issuer-url = %s%s\n\n", base, url.n ? "/pki/{{ca}}.crt" : "");
}

static const char rest[] =
    "# The CA of this folder; [ca \"NAME\"] is that in ca/NAME, which signet ca new NAME makes.\n"
    "[ca \"default\"]\n"
    "# Another file than ca.key, or a token's key: pkcs11:token=...;object=...\n"
    "key =\n"
    "# The systemd credential with the key's passphrase or the token's PIN.\n"
    "secret-credential =\n"
    "# Life of a CRL; a new one is made at half of it, and when something is revoked.\n"
    "crl-validity = 7d\n"
    "# Alarms before the end of CA, RA and TLS certificates.\n"
    "warn-before = 30d\n\n"
    "[mdm]\n"
    "# Names the management on the host: registry paths, scheduled tasks. One word.\n"
    "provider-id = signet\n"
    "name = signet\n"
    "# What a host proves itself by in its sessions: certificate, that of its TLS connection; md5, a\n"
    "# secret that it gets when it enrolls (syncml:auth-md5), for a tunnel that ends TLS and forwards\n"
    "# no certificate: its sessions then come to public-url; both, whichever arrives, and public-url\n"
    "# serves sessions, too.\n"
    "device-auth = certificate\n"
    "# Above so many messages of one host in a minute it is told to come later; 0: no limit.\n"
    "messages-per-minute = 60\n"
    "# Life of a host's identity, its TLS client certificate.\n"
    "identity-validity = 730d\n"
    "# How users prove who they are when a host enrolls: password, which Windows asks for; page, a page\n"
    "# of signet that Windows opens, on hosts that can.\n"
    "sign-in = password\n"
    "# Hosts that an account may have enrolled, unless signet user set says another number; 0: no limit.\n"
    "hosts-per-user = 20\n"
    "# open, or closed: no host is enrolled, those that are go on. closed-text is what users are shown.\n"
    "enrollment = open\n"
    "closed-text =\n\n"
    "[enrollment]\n"
    "# How long signet asks a host that accepted a profile for the outcome, and in how\n"
    "# many of its sessions at least.\n"
    "confirm-within = 24h\n"
    "confirm-sessions = 2\n";

enum err config_create(const char *folder, const struct config_seed *seed) {
    BUF_AUTO(b);
    BUF_AUTO(path);
    buf_printf(&path, "%s/signet.conf", folder);
    if (access(buf_cstr(&path), F_OK) == 0)
        return err_set(ERR_EXISTS, "there is a %s already", buf_cstr(&path));
    buf_str(&b, head);
    put_server(&b, seed);
    buf_str(&b, scep_who);
    buf_str(&b, scep_what);
    buf_str(&b, scep_how);
    put_revocation(&b, seed);
    buf_str(&b, rest);
    return file_write(buf_cstr(&path), buf_view(&b), 0600);
}
