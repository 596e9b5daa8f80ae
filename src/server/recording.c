/* SPDX-License-Identifier: Apache-2.0 */
#include "server/recording.h"

static void release(void *pki) {
    pki_release(pki);
}

/* In the recorder's thread: the request itself is served meanwhile, or long before. */
static enum err open_envelope(void *recording, struct arena *a, const char *path,
                              struct span message, struct span *csr) {
    const struct recording *r = recording;
    struct scep_request request;
    struct scep_content content;
    const struct pki *pki = pki_acquire(r->pki);
    arena_defer(a, release, (void *)(uintptr_t)pki);
    const struct endpoint *e = pki_route(pki, path);
    if (!e)
        return err_set(ERR_NOT_FOUND, "no endpoint of ours is at this path");
    TRY(scep_read(a, message, &request));
    TRY(scep_open(a, &request, e->openers, e->opener_count, e->policy->allow_des, &content));
    *csr = content.csr.der;
    return OK;
}

/* What is shown, as a struct of the recorder's; it copies what it keeps. */
static void see(void *recording, const char *listener, const struct http_request *q,
                const struct http_reply *reply) {
    const struct recording *r = recording;
    struct record_header *headers = arena_alloc(q->arena, (q->field_count + 1) * sizeof *headers);
    for (size_t i = 0; i < q->field_count; i++)
        headers[i] = (struct record_header){q->fields[i].name, q->fields[i].value};
    const struct record_exchange x = {
        .listener = listener,
        .method = q->method_name,
        .path = q->path,
        .query = q->query,
        .peer = q->peer,
        .headers = headers,
        .header_count = q->field_count,
        .client_cert = q->client_cert.n != 0,
        .body = q->body,
        .status = reply->status ? reply->status : 200,
        .answer_type = reply->content_type,
        .answer = buf_view(&reply->body),
    };
    recorder_take(r->recorder, &x);
}

enum err recording_start(struct recording *r, const char *folder, struct pki_holder *pki) {
    r->pki = pki;
    r->witness = (struct http_witness){see, r};
    return recorder_start(folder, open_envelope, r, &r->recorder);
}

void recording_stop(struct recording *r) {
    recorder_stop(r->recorder);
    r->recorder = NULL;
}
