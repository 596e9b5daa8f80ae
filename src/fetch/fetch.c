/* SPDX-License-Identifier: Apache-2.0 */
#include "fetch/fetch.h"

#include <stdlib.h>

#include "base/mem.h"
#include "fetch/easy.h"

struct fetch {
    struct easy easy;
};

bool fetch_url_is_good(const char *url) {
    CURLU *u = curl_url();
    char *scheme = NULL;
    bool good = u && curl_url_set(u, CURLUPART_URL, url, CURLU_DISALLOW_USER) == CURLUE_OK &&
                curl_url_get(u, CURLUPART_SCHEME, &scheme, 0) == CURLUE_OK &&
                (strcmp(scheme, "http") == 0 || strcmp(scheme, "https") == 0);
    curl_free(scheme);
    curl_url_cleanup(u);
    return good;
}

bool fetch_url_is_https(const char *url) {
    return strncasecmp(url, "https:", strlen("https:")) == 0;
}

struct fetch *fetch_new(const struct fetch_options *o) {
    struct fetch *f = mem_alloc(sizeof *f);
    easy_open(&f->easy, o);
    easy_watch_cert(&f->easy);
    easy_watch_sent(&f->easy);
    return f;
}

void fetch_free(struct fetch *f) {
    if (!f)
        return;
    easy_close(&f->easy);
    free(f);
}

enum err fetch_send(struct fetch *f, const struct fetch_request *q, struct fetch_reply *r) {
    TRY(easy_begin(&f->easy, q, r));
    return easy_end(&f->easy, q, curl_easy_perform(f->easy.curl));
}
