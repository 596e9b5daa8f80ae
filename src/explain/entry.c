/* SPDX-License-Identifier: Apache-2.0 */
#include "explain/entry.h"

const char *const explain_steps[EXPLAIN_STEPS] = {
    "the MDM enrollment",
    "the management session",
    "the CSP takes the profile",
    "the SCEP task starts",
    "GetCACaps",
    "GetCACert and its checks",
    "key and request on the host",
    "PKIOperation",
    "the CertRep is read",
    "the certificate is installed, and lives",
};

const char *explain_evidence_name(enum explain_evidence evidence) {
    static const char *const names[] = {[EXPLAIN_DOCUMENTED] = "documented",
                                        [EXPLAIN_SEEN] = "seen",
                                        [EXPLAIN_INFERRED] = "inferred",
                                        [EXPLAIN_NOT_KNOWN] = "not known"};
    return names[evidence];
}

const struct explain_entry *explain_entry_find(const struct explain_table *t, uint32_t number) {
    for (size_t i = 0; i < t->count; i++)
        if (t->entries[i].number == number)
            return &t->entries[i];
    return NULL;
}

const struct explain_entry *explain_syncml(uint32_t status) {
    return explain_entry_find(&explain_syncml_table, status);
}
