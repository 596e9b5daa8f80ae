/* SPDX-License-Identifier: Apache-2.0 */
/* GetPolicies (MS-XCEP, reduced by MS-MDE2, 3.3): what the device's key and CSR shall be. */
#include "mde/internal.h"

#include "wire/mdm.h"

/*
 * Without a reference to SHA-256 in hashAlgorithmOIDReference, Windows 10 signs its CSR with SHA-1;
 * policySchema must be 3 (windows-mdm.md, C.4).
 */
void mde_write_policies_response(struct buf *b, const struct mde_header *h) {
    soap_open(b, h, ACTION_GET_POLICIES_RESPONSE);
    soap_open_body(b);
    buf_str(b, "<GetPoliciesResponse xmlns=\"" NS_XCEP "\" xmlns:xsi=\"" NS_XSI "\">"
               "<response><policies><policy><attributes>"
               "<policySchema>3</policySchema>"
               "<privateKeyAttributes><minimalKeyLength>2048</minimalKeyLength>"
               "<algorithmOIDReference xsi:nil=\"true\"/></privateKeyAttributes>"
               "<hashAlgorithmOIDReference>1</hashAlgorithmOIDReference>"
               "</attributes></policy></policies></response>"
               "<oIDs><oID><value>2.16.840.1.101.3.4.2.1</value><group>1</group>"
               "<oIDReferenceID>1</oIDReferenceID>"
               "<defaultName>szOID_NIST_sha256</defaultName></oID></oIDs>"
               "</GetPoliciesResponse>");
    soap_close(b);
}
