/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/pkcs11_module.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

#define DEFAULT_MODULE "p11-kit-proxy.so"

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct pkcs11_module *modules;

#define CODE(name) \
    { name, #name }

static const struct {
    CK_RV rv;
    const char *name;
} codes[] = {
    CODE(CKR_HOST_MEMORY),
    CODE(CKR_SLOT_ID_INVALID),
    CODE(CKR_GENERAL_ERROR),
    CODE(CKR_FUNCTION_FAILED),
    CODE(CKR_ARGUMENTS_BAD),
    CODE(CKR_CANT_LOCK),
    CODE(CKR_DATA_INVALID),
    CODE(CKR_DATA_LEN_RANGE),
    CODE(CKR_DEVICE_ERROR),
    CODE(CKR_DEVICE_MEMORY),
    CODE(CKR_DEVICE_REMOVED),
    CODE(CKR_ENCRYPTED_DATA_INVALID),
    CODE(CKR_ENCRYPTED_DATA_LEN_RANGE),
    CODE(CKR_FUNCTION_NOT_SUPPORTED),
    CODE(CKR_KEY_HANDLE_INVALID),
    CODE(CKR_KEY_TYPE_INCONSISTENT),
    CODE(CKR_KEY_FUNCTION_NOT_PERMITTED),
    CODE(CKR_MECHANISM_INVALID),
    CODE(CKR_MECHANISM_PARAM_INVALID),
    CODE(CKR_OBJECT_HANDLE_INVALID),
    CODE(CKR_OPERATION_ACTIVE),
    CODE(CKR_OPERATION_NOT_INITIALIZED),
    CODE(CKR_PIN_INCORRECT),
    CODE(CKR_PIN_INVALID),
    CODE(CKR_PIN_LEN_RANGE),
    CODE(CKR_PIN_EXPIRED),
    CODE(CKR_PIN_LOCKED),
    CODE(CKR_SESSION_CLOSED),
    CODE(CKR_SESSION_COUNT),
    CODE(CKR_SESSION_HANDLE_INVALID),
    CODE(CKR_TOKEN_NOT_PRESENT),
    CODE(CKR_TOKEN_NOT_RECOGNIZED),
    CODE(CKR_USER_NOT_LOGGED_IN),
    CODE(CKR_USER_PIN_NOT_INITIALIZED),
    CODE(CKR_USER_TYPE_INVALID),
    CODE(CKR_CRYPTOKI_NOT_INITIALIZED),
};

const char *pkcs11_code(CK_RV rv) {
    static _Thread_local char text[32];
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++)
        if (codes[i].rv == rv)
            return codes[i].name;
    snprintf(text, sizeof text, "code %#lx", (unsigned long)rv);
    return text;
}

static enum err start(const char *path, void *library, CK_FUNCTION_LIST **f) {
    CK_C_INITIALIZE_ARGS args = {.flags = CKF_OS_LOCKING_OK};
    CK_C_GetFunctionList get = NULL;
    *(void **)&get = dlsym(library, "C_GetFunctionList");
    if (!get)
        return err_set(ERR_IO, "%s: not a PKCS#11 module: it has no C_GetFunctionList", path);
    CK_RV rv = get(f);
    if (rv == CKR_OK)
        rv = (*f)->C_Initialize(&args);
    if (rv != CKR_OK && rv != CKR_CRYPTOKI_ALREADY_INITIALIZED)
        return err_set(ERR_IO, "%s: C_Initialize: %s", path, pkcs11_code(rv));
    return OK;
}

static enum err load(const char *path, struct pkcs11_module **out) {
    CK_FUNCTION_LIST *f = NULL;
    void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (!library)
        return err_set(ERR_IO, "PKCS#11 module %s", dlerror());
    enum err e = start(path, library, &f);
    if (e != OK) {
        dlclose(library);
        return e;
    }
    struct pkcs11_module *m = mem_alloc(sizeof *m);
    *m = (struct pkcs11_module){modules, mem_strdup(path), f};
    *out = modules = m;
    return OK;
}

enum err pkcs11_module_load(const char *path, struct pkcs11_module **out) {
    path = path ? path : DEFAULT_MODULE;
    pthread_mutex_lock(&lock);
    struct pkcs11_module *m = modules;
    while (m && strcmp(m->path, path) != 0)
        m = m->next;
    enum err e = OK;
    if (m)
        *out = m;
    else
        e = load(path, out);
    pthread_mutex_unlock(&lock);
    return e;
}
