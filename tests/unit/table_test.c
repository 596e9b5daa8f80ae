/* SPDX-License-Identifier: Apache-2.0 */
#include "csp/table.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <cmocka.h>

#define SCEP "/Vendor/MSFT/ClientCertificateInstall/SCEP"
#define PFX  "/Vendor/MSFT/ClientCertificateInstall/PFXCertInstall"

static const struct csp_node *at(const char *uri) {
    return csp_find(span_str(uri));
}

static bool same_text(const char *a, const char *b) {
    return a && b ? strcmp(a, b) == 0 : a == b;
}

static void leaves_have_the_facts_of_the_ddf(void **state) {
    (void)state;
    const struct csp_node *n = at("./Device" SCEP "/abc-1/Install/KeyLength");
    assert_non_null(n);
    assert_int_equal(n->format, CSP_INT);
    assert_int_equal(n->access, CSP_ADD | CSP_DELETE | CSP_GET | CSP_REPLACE);
    assert_int_equal(n->occurrence, CSP_ONE);
    assert_string_equal(n->allowed, "1024|2048|4096");
    assert_null(n->default_value);
    n = at("./User" SCEP "/abc/Install/RetryCount");
    assert_non_null(n);
    assert_string_equal(n->default_value, "3");
    assert_string_equal(n->allowed, "0-30");
    assert_int_equal(at("./Device" SCEP "/abc/Install/Enroll")->access, CSP_EXEC);
    assert_int_equal(at("./Device" SCEP "/abc/Install/Enroll")->format, CSP_NULL);
}

/* Each row of ClientCertificateInstall.txt below PFXCertInstall. */
static void pfx_has_the_facts_of_the_ddf(void **state) {
    (void)state;
    enum { AGR = CSP_ADD | CSP_GET | CSP_REPLACE };
    static const struct csp_node rows[] = {
        {"", CSP_NODE, CSP_GET, CSP_ONE, 0, NULL, NULL},
        {"/x", CSP_NODE, AGR | CSP_DELETE, CSP_ZERO_OR_MORE, 0, NULL, NULL},
        {"/x/KeyLocation", CSP_INT, AGR, CSP_ONE, 0, NULL, "1|2|3|4"},
        {"/x/ContainerName", CSP_CHR, AGR, CSP_ZERO_OR_ONE, 0, NULL, NULL},
        {"/x/PFXCertBlob", CSP_BIN, AGR, CSP_ONE, 0, NULL, NULL},
        {"/x/PFXCertPassword", CSP_CHR, AGR, CSP_ZERO_OR_ONE, 0, NULL, NULL},
        {"/x/PFXCertPasswordEncryptionType", CSP_INT, AGR, CSP_ZERO_OR_ONE, 0, "0", "0|1|2"},
        {"/x/PFXCertPasswordEncryptionStore", CSP_CHR, AGR, CSP_ZERO_OR_ONE, 0, NULL, NULL},
        {"/x/PFXKeyExportable", CSP_BOOL, AGR, CSP_ZERO_OR_ONE, 0, "true", "false|true"},
        {"/x/Thumbprint", CSP_CHR, CSP_GET, CSP_ONE, 0, NULL, NULL},
        {"/x/Status", CSP_INT, CSP_GET, CSP_ONE, 0, NULL, NULL},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char uri[200];
        snprintf(uri, sizeof uri, "./Device" PFX "%s", rows[i].path);
        const struct csp_node *n = at(uri);
        assert_non_null(n);
        assert_int_equal(n->format, rows[i].format);
        assert_int_equal(n->access, rows[i].access);
        assert_int_equal(n->occurrence, rows[i].occurrence);
        assert_int_equal(n->scopes, CSP_DEVICE | CSP_USER);
        assert_true(same_text(n->default_value, rows[i].default_value));
        assert_true(same_text(n->allowed, rows[i].allowed));
    }
}

static void outputs_can_only_be_read(void **state) {
    (void)state;
    static const char *const outputs[] = {"CertThumbprint", "Status", "ErrorCode",
                                          "RespondentServerUrl"};
    for (size_t i = 0; i < 4; i++) {
        char uri[200];
        snprintf(uri, sizeof uri, "./User" SCEP "/x/%s", outputs[i]);
        assert_non_null(at(uri));
        assert_int_equal(at(uri)->access, CSP_GET);
    }
    assert_string_equal(at("./Device" SCEP "/x/Status")->default_value, "32");
}

static void paths_without_a_scope_mean_the_device(void **state) {
    (void)state;
    assert_ptr_equal(
        at("./Vendor/MSFT/RootCATrustedCertificates/Root/AB/EncodedCertificate"),
        at("./Device/Vendor/MSFT/RootCATrustedCertificates/Root/CD/EncodedCertificate"));
    assert_int_equal(at("./Vendor/MSFT/RootCATrustedCertificates/CA/AB/EncodedCertificate")->format,
                     CSP_B64);
    assert_non_null(at("./DevInfo/DevId"));
    assert_non_null(at("./SyncML/DMAcc/0x0000800cAB/AppAuth/CLCRED/AAuthSecret"));
    assert_non_null(at("./DevDetail/Ext/Microsoft/DeviceName"));
    assert_non_null(at("./Device/Vendor/MSFT/DMClient/Unenroll"));
    assert_non_null(at("./Device/Vendor/MSFT/DMClient/Provider/Signet/Poll/PollOnLogin"));
    assert_non_null(at("./Device" SCEP "/x"));
}

static void what_is_not_there_is_not_found(void **state) {
    (void)state;
    static const char *const absent[] = {
        "",
        ".",
        "./",
        "./Device",
        "./Device/",
        "./User/",
        "/Device" SCEP,
        "./Device" SCEP "/",
        "./Device" SCEP "//Install",
        "./Device" SCEP "/x/",
        "./Device" SCEP "/x/Install/KeyLength/more",
        "./Device" SCEP "/x/Install/keylength",
        "./device" SCEP "/x/Status",
        "./Device/vendor/MSFT/ClientCertificateInstall/SCEP/x/Status",
        "./Device" SCEP "/x/Install/Status",
        "./User/Vendor/MSFT/RootCATrustedCertificates/Root/AB",
        "./User/Vendor/MSFT/DMClient/Unenroll",
        "./User/DevInfo/DevId",
        "./Device/DevInfo/DevId",
        "./Device/SyncML/DMAcc",
        "./Device/./DevInfo",
        "DevInfo/DevId",
    };
    for (size_t i = 0; i < sizeof absent / sizeof absent[0]; i++)
        if (at(absent[i]))
            fail_msg("found \"%s\"", absent[i]);
    assert_null(csp_find(SPAN_NONE));
}

/* Every row can be reached by its own path, and no two rows mean the same node. */
static void each_row_is_found_by_its_path(void **state) {
    (void)state;
    for (size_t i = 0; i < csp_table_size; i++) {
        const struct csp_node *n = &csp_table[i];
        bool root = strncmp(n->path, "/Vendor/", 8) != 0;
        for (unsigned scope = CSP_DEVICE; scope <= CSP_USER; scope++) {
            char uri[300];
            const char *prefix = scope == CSP_USER ? "./User" : root ? "." : "./Device";
            snprintf(uri, sizeof uri, "%s%s", prefix, n->path);
            assert_ptr_equal(at(uri), n->scopes & scope ? n : NULL);
        }
        assert_true(n->access != 0 && n->scopes != 0);
        assert_true(strlen(csp_format_name(n->format)) >= 3);
        assert_true(n->format != CSP_NODE || !n->default_value);
    }
}

static void formats_have_syncml_names(void **state) {
    (void)state;
    assert_string_equal(csp_format_name(CSP_NODE), "node");
    assert_string_equal(csp_format_name(CSP_INT), "int");
    assert_string_equal(csp_format_name(CSP_CHR), "chr");
    assert_string_equal(csp_format_name(CSP_NULL), "null");
    assert_string_equal(csp_format_name(CSP_TIME), "time");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(leaves_have_the_facts_of_the_ddf),
        cmocka_unit_test(pfx_has_the_facts_of_the_ddf),
        cmocka_unit_test(outputs_can_only_be_read),
        cmocka_unit_test(paths_without_a_scope_mean_the_device),
        cmocka_unit_test(what_is_not_there_is_not_found),
        cmocka_unit_test(each_row_is_found_by_its_path),
        cmocka_unit_test(formats_have_syncml_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
