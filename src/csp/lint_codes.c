/* SPDX-License-Identifier: Apache-2.0 */
/* The codes for a profile's text and the structure of its commands. */
#include "csp/lint_inner.h"

#define SEEN       EXPLAIN_SEEN
#define DOCUMENTED EXPLAIN_DOCUMENTED
#define INFERRED   EXPLAIN_INFERRED

const struct lint_code lint_codes_structure[LINT_FIRST_OF_VALUES] = {
    [LINT_NO_TEXT] = {"no-text", LINT_ERROR, INFERRED, "There is nothing that it could do.", 0, 0,
                      0, "Give the file that holds the profile's XML.", "windows-mdm.md A.7"},
    [LINT_NOT_UTF8] = {"not-utf8", LINT_ERROR, INFERRED,
                       "It cannot read the message that the profile comes in.", 0, 400, 0,
                       "Save the profile as UTF-8.", "windows-mdm.md B.1, B.4"},
    [LINT_XML_MALFORMED] =
        {"xml-malformed", LINT_ERROR, SEEN,
         "It cannot read the message, comes again and again, and everything stays pending.", 0, 400,
         0, "Make it well-formed XML; inside Data write < as &lt; and & as &amp;.",
         "users.md 1.4 (fleetdm/fleet issue 16316)"},
    [LINT_XML_UNESCAPED] =
        {"xml-unescaped", LINT_ERROR, SEEN,
         "It cannot read the message, comes again and again, and everything stays pending.", 0, 400,
         0, "Write & as &amp;.", "users.md 1.4 (fleetdm/fleet issue 16316)"},
    [LINT_XML_CDATA] = {"xml-cdata", LINT_ERROR, DOCUMENTED,
                        "It does not take CDATA in Data; which status it answers is not known.", 0,
                        0, 0, "Write the text itself, with &lt; and &amp;.",
                        "windows-mdm.md A.2, B.5"},
    [LINT_XML_LIMIT] = {"xml-limit", LINT_ERROR, INFERRED, "It is never asked: signet refuses it.",
                        0, 0, 0, "Keep to one Atomic of a profile's size.", "windows-mdm.md F.1"},
    [LINT_ENVELOPE] = {"envelope", LINT_ERROR, DOCUMENTED,
                       "It answers 400 to an element that has no place in a SyncBody, which is "
                       "where an MDM server puts a profile.",
                       0, 400, 0, "Keep only the Atomic; the server writes what is around it.",
                       "windows-mdm.md B.2"},
    [LINT_ATOMIC_MISSING] =
        {"atomic-missing", LINT_ERROR, DOCUMENTED,
         "It installs certificates by one Atomic only; what it answers otherwise is not known.", 0,
         0, 0, "Put all commands into one Atomic.", "windows-mdm.md A.2"},
    [LINT_ATOMIC_SEVERAL] = {"atomic-several", LINT_ERROR, DOCUMENTED,
                             "Each Atomic stands or falls alone, and a certificate's commands must "
                             "be in one.",
                             0, 0, 0, "Keep one Atomic alone; one profile for each certificate.",
                             "windows-mdm.md A.2; users.md 1.4"},
    [LINT_ATOMIC_NESTED] = {"atomic-nested", LINT_ERROR, DOCUMENTED,
                            "It answers 500 to the inner Atomic and 507 to the outer one, and "
                            "undoes the rest.",
                            0, 500, 0, "Use one Atomic.", "windows-mdm.md B.4"},
    [LINT_COMMAND_ALIEN] = {"command-alien", LINT_ERROR, DOCUMENTED,
                            "It answers 400 to an element that it does not know.", 0, 400, 0,
                            "Use Add, Replace and one Exec.", "windows-mdm.md B.2"},
    [LINT_COMMAND_MISPLACED] = {"command-misplaced", LINT_ERROR, INFERRED,
                                "What it does with this command beside those of a profile is not "
                                "known; a Delete may destroy what the profile makes.",
                                0, 0, 0, "Use Add, Replace and one Exec; send the rest apart.",
                                "windows-mdm.md A.7"},
    [LINT_GET_INSIDE] = {"get-inside", LINT_ERROR, DOCUMENTED,
                         "It answers 500 to a Get inside an Atomic, and undoes the rest.", 0, 500,
                         0, "Take it out; signet asks for the outcome by itself.",
                         "windows-mdm.md A.2, B.4"},
    [LINT_CMDID_MISSING] = {"cmdid-missing", LINT_WARNING, DOCUMENTED,
                            "It answers 400 with a blank reference, if the server sends it so; "
                            "signet numbers all commands anew.",
                            0, 400, 0, "Give each command a CmdID.", "windows-mdm.md B.2"},
    [LINT_CMDID_DOUBLED] =
        {"cmdid-doubled", LINT_WARNING, DOCUMENTED,
         "Its statuses cannot be told apart, if the server sends it so; CmdIDs are unique in a "
         "message, and not 0. signet numbers all commands anew.",
         0, 0, 0, "Give each command a CmdID of its own, from 1 on.", "windows-mdm.md B.2"},
    [LINT_TARGET_MISSING] = {"target-missing", LINT_ERROR, INFERRED,
                             "It finds no node to act on, and rejects the Atomic.", 0, 400, 0,
                             "Write <Item><Target><LocURI>./Device/...</LocURI></Target></Item>.",
                             "windows-mdm.md A.7, B.4"},
    [LINT_ITEMS_SEVERAL] = {"items-several", LINT_ERROR, DOCUMENTED,
                            "It answers one status for all Items, so that nobody can tell which "
                            "has failed.",
                            0, 0, 0, "Use one command for each Item.", "windows-mdm.md B.5"},
    [LINT_LOCURI_SLASH] = {"locuri-slash", LINT_ERROR, DOCUMENTED,
                           "It takes no LocURI that begins with '/'.", 0, 0, 0,
                           "Begin it with ./Device/ or ./User/.", "windows-mdm.md B.2"},
    [LINT_LOCURI_FOREIGN] =
        {"locuri-foreign", LINT_ERROR, SEEN,
         "It takes the nodes of other CSPs in commands of their own; MDM servers refuse a profile "
         "that mixes them.",
         0, 0, 0, "Keep what is below ClientCertificateInstall/SCEP, and send the rest apart.",
         "users.md 1.4; windows-mdm.md A.7, A.8 (smallstep/docs pull 519)"},
    [LINT_NODE_UNKNOWN] = {"node-unknown", LINT_ERROR, DOCUMENTED,
                           "It answers 404 to the command, and 507 to the Atomic.", 0, 404, 0,
                           "Spell the node as the CSP does, with regard to case.",
                           "windows-mdm.md A.3, B.4"},
    [LINT_NODE_MISSING] = {"node-missing", LINT_ERROR, DOCUMENTED,
                           "It cannot enroll without a node that the CSP requires; which code it "
                           "then shows is not known.",
                           0, 0, 0, "Write an Add for it.", "windows-mdm.md A.3"},
    [LINT_NODE_DOUBLED] = {"node-doubled", LINT_ERROR, DOCUMENTED,
                           "It answers 418 to the second Add, and 507 to the Atomic; a Replace "
                           "after an Add is not supported either.",
                           0, 418, 0, "Keep one command for each node.", "windows-mdm.md B.4"},
    [LINT_NODE_READ_ONLY] = {"node-read-only", LINT_ERROR, DOCUMENTED,
                             "It answers 405, since the host alone writes this node, and 507 to "
                             "the Atomic.",
                             0, 405, 0, "Take the command out.", "windows-mdm.md A.3, B.4"},
    [LINT_NODE_ORDER] = {"node-order", LINT_ERROR, DOCUMENTED,
                         "It has made the node with its child, and answers 418 to the Add.", 0, 418,
                         0, "Put a node before its children, or take its Add out.",
                         "windows-mdm.md B.4, B.5"},
    [LINT_VERB_WRONG] = {"verb-wrong", LINT_ERROR, DOCUMENTED,
                         "It answers 405 to a command that the node does not allow, and 507 to the "
                         "Atomic.",
                         0, 405, 0, "Use Add for values, and Exec for Enroll.",
                         "windows-mdm.md A.3, B.4"},
    [LINT_REPLACE_OF_NEW] = {"replace-of-new", LINT_NOTE, SEEN,
                             "It makes the node, although the protocol says that a Replace of an "
                             "absent one fails.",
                             0, 0, 0, "Use Add under a UniqueID that is new each time.",
                             "windows-mdm.md A.7, B.5 (fleetdm/fleet issue 30879)"},
    [LINT_EXEC_MISSING] = {"exec-missing", LINT_ERROR, SEEN,
                           "It answers 200, keeps the values, and never enrolls.", 0, 200, 0,
                           "End the Atomic with an Exec of Install/Enroll.",
                           "users.md 1.4; windows-scep.md 1 (fleetdm/fleet issue 32919)"},
    [LINT_EXEC_DOUBLED] = {"exec-doubled", LINT_ERROR, INFERRED,
                           "It would enroll twice with one challenge.", 0, 0, 0,
                           "Keep one Exec of Install/Enroll, as the last command.",
                           "windows-mdm.md A.2, A.7"},
    [LINT_EXEC_NOT_LAST] = {"exec-not-last", LINT_ERROR, DOCUMENTED,
                            "It freezes the values at Exec; what comes later is not seen by the "
                            "enrollment.",
                            0, 0, 0, "Make the Exec of Install/Enroll the last command.",
                            "windows-mdm.md A.2"},
    [LINT_SCOPE_MIXED] = {"scope-mixed", LINT_ERROR, SEEN,
                          "It answers 500 to ./User while no user is signed in, and undoes what "
                          "stands in ./Device, too.",
                          0, 500, 0, "Use ./Device or ./User alone.",
                          "windows-mdm.md A.1 (fleetdm/fleet issues 40713, 48931)"},
    [LINT_SCOPE_USER] = {"scope-user", LINT_NOTE, SEEN,
                         "It takes ./User only while the enrolled user is signed in, and not at "
                         "all on a host that no user enrolled.",
                         0, 500, 0, "Use ./Device unless the certificate is the user's.",
                         "windows-mdm.md A.1; users.md 1.4 (fleetdm/fleet issue 50197)"},
    [LINT_UNIQUE_ID_DIFFERS] = {"unique-id-differs", LINT_ERROR, DOCUMENTED,
                                "It takes each UniqueID as a certificate of its own, and neither "
                                "is complete.",
                                0, 0, 0, "Use one UniqueID in all commands of a profile.",
                                "windows-mdm.md A.2"},
    [LINT_UNIQUE_ID_CHARACTERS] =
        {"unique-id-characters", LINT_ERROR, INFERRED,
         "It uses the id in a URI and as the name of a registry key; what it makes of other "
         "characters is not known.",
         0, 0, 0, "Use only letters, digits, '_' and '-'.", "windows-mdm.md B.5"},
    [LINT_UNIQUE_ID_FIXED] = {"unique-id-fixed", LINT_ERROR, DOCUMENTED,
                              "It answers 418 when the profile is sent again; signet follows "
                              "{{enrollment.id}}, which is new each time.",
                              0, 418, 0, "Write {{enrollment.id}}, or use signet profile adopt.",
                              "windows-mdm.md A.7; users.md 1.4"},
    [LINT_UNIQUE_ID_REUSED] =
        {"unique-id-reused", LINT_NOTE, SEEN,
         "It answers 418 to an Add, and 507 to the Atomic, when it has a node "
         "of that name from before.",
         0, 418, 0, "Take a new UniqueID each time it is sent.",
         "windows-mdm.md A.7; users.md 1.4 (fleetdm/fleet issue 24394)"},
    [LINT_FORMAT_MISSING] = {"format-missing", LINT_ERROR, INFERRED,
                             "It takes a value without Format as chr, which is not this node's.", 0,
                             0, 0, "Write the node's Format into Meta.",
                             "windows-mdm.md A.2, A.3, B.5"},
    [LINT_FORMAT_WRONG] = {"format-wrong", LINT_ERROR, INFERRED,
                           "It refuses a value of another format; which status it answers is not "
                           "known.",
                           0, 0, 0, "Write the node's Format into Meta.",
                           "windows-mdm.md A.3, B.4"},
    [LINT_DATA_MISSING] = {"data-missing", LINT_ERROR, INFERRED,
                           "It has no value for the node, and cannot enroll.", 0, 0, 0,
                           "Write the value into Data, or take the command out.",
                           "windows-mdm.md A.3"},
    [LINT_DATA_EMPTY] = {"data-empty", LINT_NOTE, SEEN,
                         "It takes a profile whose optional node is empty: Intune sends "
                         "TemplateName so. That it takes others so is not known.",
                         0, 0, 0, "Write a value, or take the command out.", "windows-mdm.md A.3"},
    [LINT_DATA_UNEXPECTED] = {"data-unexpected", LINT_ERROR, INFERRED,
                              "What it does with Data of a node that has no value is not known.", 0,
                              0, 0, "Take Data out.", "windows-mdm.md A.2, A.7"},
    [LINT_DATA_ELEMENTS] = {"data-elements", LINT_ERROR, SEEN,
                            "It reads the value as part of the message.", 0, 400, 0,
                            "Write < as &lt; inside Data.",
                            "users.md 1.4 (fleetdm/fleet issue 16316)"},
    [LINT_DATA_BLANKS] = {"data-blanks", LINT_WARNING, INFERRED,
                          "It may take blanks and line feeds as a part of the value, and a "
                          "challenge with a line feed fails; signet trims them.",
                          0, 0, 0, "Write the value right between <Data> and </Data>.",
                          "windows-mdm.md A.3; windows-scep.md 8"},
    [LINT_PLACEHOLDER_UNKNOWN] =
        {"placeholder-unknown", LINT_ERROR, INFERRED,
         "It is never asked: signet knows no value for it, and refuses the profile.", 0, 0, 0,
         "Use enrollment.id, scep.url, scep.challenge, scep.ca_thumbprint, device.id, device.name "
         "or user.upn.",
         "docs/profile-lint.md"},
    [LINT_PLACEHOLDER_OPEN] = {"placeholder-open", LINT_ERROR, INFERRED,
                               "It is never asked: signet refuses the profile.", 0, 0, 0,
                               "Close the placeholder with }}.", "docs/profile-lint.md"},
    [LINT_PLACEHOLDER_SECRET] =
        {"placeholder-secret", LINT_ERROR, DOCUMENTED,
         "It would keep the challenge in the registry, and in the certificate; only Challenge is "
         "wiped after Exec.",
         0, 0, 0, "Use {{scep.challenge}} in Challenge only.", "windows-mdm.md A.3; users.md 4.1"},
    [LINT_PLACEHOLDER_CLAIM] =
        {"placeholder-claim", LINT_ERROR, INFERRED,
         "It says its own name, and can say any other: the certificate would be another's.", 0, 0,
         0, "Use {{device.id}}, or add the profile with --trust-device-name.", "users.md 4.1, 4.2"},
    [LINT_PLACEHOLDER_UNQUOTED] =
        {"placeholder-unquoted", LINT_ERROR, SEEN,
         "It cannot parse SubjectName when the value holds a comma or plus.", 0x80092023, 0, 32,
         "Put double quotes around the whole value, as in CN=\"PC {{user.upn}}\".",
         "windows-mdm.md A.5; users.md 1.4 (fleetdm/fleet pull 52667)"},
    [LINT_PLACEHOLDER_FOREIGN] =
        {"placeholder-foreign", LINT_WARNING, INFERRED,
         "It gets the placeholder of another MDM as it stands there: signet does not fill it.", 0,
         0, 0,
         "Write one of signet's; signet profile adopt does it for the UniqueID, ServerURL, "
         "Challenge and CAThumbprint, and leaves the others to you.",
         "users.md 1.4, 2; docs/profile-lint.md"},
};
