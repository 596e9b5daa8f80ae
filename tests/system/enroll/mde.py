# SPDX-License-Identifier: Apache-2.0
"""Enrollment messages of a host of our own making, and what the server's faults mean to Windows."""
import base64
import os
import re
import subprocess
import sys
from xml.sax.saxutils import escape

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "hostile"))
from probe import MANAGEMENT, PUBLIC, new_csr, send  # noqa: E402

SOAP = "application/soap+xml"
MDE = "http://schemas.microsoft.com/windows/management/2012/01/enrollment"
XCEP = "http://schemas.microsoft.com/windows/pki/2009/01/enrollmentpolicy"
WSTEP = "http://schemas.microsoft.com/windows/pki/2009/01/enrollment"
WSSE = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd"
WST = "http://docs.oasis-open.org/ws-sx/ws-trust/200512"
USER_TOKEN = ("http://schemas.microsoft.com/5.0.0.0/ConfigurationManager/Enrollment/"
              "DeviceEnrollmentUserToken")

# By ErrorType where there is one, else by subcode (windows-mdm.md, C.7).
HRESULTS = {"MessageFormat": 0x80180001, "Authentication": 0x80180002, "Authorization": 0x80180003,
            "CertificateRequest": 0x80180004, "EnrollmentServer": 0x80180005,
            "InternalServiceFault": 0x80180006, "InvalidSecurity": 0x80180007,
            "DeviceCapReached": 0x80180013, "DeviceNotSupported": 0x80180014,
            "NotSupported": 0x80180015, "NotEligibleToRenew": 0x80180016, "InMaintenance": 0x80180017,
            "UserLicense": 0x80180018, "InvalidEnrollmentData": 0x80180019,
            "CustomServerError": 0x80180032}


class Answer:
    def __init__(self, reply):
        self.body = reply.body.decode()
        type = re.search("<ErrorType>(.*?)</ErrorType>", self.body)
        subcode = re.search("<s:Subcode><s:Value>.:(.*?)</s:Value>", self.body)
        self.hresult = HRESULTS[(type or subcode)[1]] if reply.status == 500 else 0
        text = re.search("<s:Text[^>]*>(.*?)</s:Text>", self.body)
        self.text = text[1] if text else ""

    def __repr__(self):
        return f"0x{self.hresult:08X} {self.text or self.body[:300]}"

    def document(self):
        token = re.search("<BinarySecurityToken[^>]*>(.*?)</BinarySecurityToken>", self.body)
        return base64.b64decode(token[1]).decode()

    def certificate(self):
        """The identity in it, DER."""
        my = self.document().split('type="My"')[1]
        return base64.b64decode(re.search('"EncodedCertificate" value="(.*?)"', my)[1])


def by_password(user, password):
    return (f'<o:Security xmlns:o="{WSSE}"><o:UsernameToken><o:Username>{escape(user)}</o:Username>'
            f"<o:Password>{escape(password)}</o:Password></o:UsernameToken></o:Security>")


def by_token(token):
    value = base64.b64encode(token.encode()).decode()
    return (f'<o:Security xmlns:o="{WSSE}"><o:BinarySecurityToken ValueType="{USER_TOKEN}">{value}'
            "</o:BinarySecurityToken></o:Security>")


def post(path, action, security, body, base=PUBLIC):
    message = ('<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope" '
               'xmlns:a="http://www.w3.org/2005/08/addressing"><s:Header>'
               f"<a:Action>{action}</a:Action><a:MessageID>urn:uuid:1</a:MessageID>{security}"
               f"</s:Header><s:Body>{body}</s:Body></s:Envelope>")
    return Answer(send(f"{base}/EnrollmentServer/{path}.svc", message.encode(), SOAP))


def discover(policies=("OnPremise",), version="4.0", device="CIMClient_Windows"):
    offered = "".join(f"<AuthPolicy>{p}</AuthPolicy>" for p in policies)
    return post("Discovery", MDE + "/IDiscoveryService/Discover", "",
                f'<Discover xmlns="{MDE}"><request><EmailAddress>a@b.example</EmailAddress>'
                f"<RequestVersion>{version}</RequestVersion><DeviceType>{device}</DeviceType>"
                f"<AuthPolicies>{offered}</AuthPolicies></request></Discover>")


def get_policies(security):
    return post("Policy", XCEP + "/IPolicy/GetPolicies", security, f'<GetPolicies xmlns="{XCEP}"/>')


def request_token(security, csr, device, request="Issue", base=PUBLIC, type="Full", **items):
    items = {"DeviceID": device, "EnrollmentType": type, "DeviceName": "PC"} | items
    context = "".join(f'<ContextItem Name="{name}"><Value>{value}</Value></ContextItem>'
                      for name, value in items.items() if value is not None)
    return post("Enrollment", WSTEP + "/RST/wstep", security,
                f'<RequestSecurityToken xmlns="{WST}"><TokenType>http://schemas.microsoft.com/5.0.0.0/'
                "ConfigurationManager/Enrollment/DeviceEnrollmentToken</TokenType>"
                f"<RequestType>{WST}/{request}</RequestType>"
                f'<BinarySecurityToken xmlns="{WSSE}">{base64.b64encode(csr).decode()}'
                f"</BinarySecurityToken><AdditionalContext>{context}</AdditionalContext>"
                "</RequestSecurityToken>", base)


def new_device():
    return os.urandom(16).hex().upper()
