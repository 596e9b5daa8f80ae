# SPDX-License-Identifier: Apache-2.0
"""SOAP, SyncML and provisioning documents to a shape: one line an element, as it was written."""
from xml.parsers import expat

from forms import form

# Elements whose text belongs to the host, its user or its server. Any other text is a constant.
FREE = {"EmailAddress", "ApplicationVersion", "OSEdition", "a:To", "SessionID", "LocURI", "ActivityId",
        "EnrollmentPolicyServiceUrl", "EnrollmentServiceUrl", "HWDevID", "MAC", "DeviceID",
        "OSVersion", "DevId"}
# Of these not even the form is the same everywhere.
ANY = {"wsse:Username", "wsse:Password", "wsse:BinarySecurityToken", "BinarySecurityToken",
       "u:Created", "u:Expires", "Locale", "DeviceName", "Man", "Mod", "Lang"}
# In an answer of the host to commands, these follow from the commands.
FREE_IN_ANSWER = {"MsgID", "CmdID", "MsgRef", "CmdRef", "Status/Data"}
ANY_IN_ANSWER = {"Cmd", "Format", "Results/Data"}
CONSTANTS_IN_ANSWER = ("0", "SyncHdr")

PLAIN_PARMS = {"APPID", "AAUTHLEVEL", "AAUTHTYPE", "DEFAULTENCODING"}
MAC = 'ac:ContextItem {http://schemas.xmlsoap.org/ws/2006/12/authorization} Name="MAC"'
STATUS, RESULTS = "Status {SYNCML:SYNCML1.2}", "Results {SYNCML:SYNCML1.2}"


class Reader:
    """The lines of one document; `left_out` collects the values that do not stand in them."""

    def __init__(self, data, pretty, answer):
        self.data, self.pretty, self.answer = data, pretty, answer
        self.lines, self.left_out = [], []
        self.path, self.scopes, self.text, self.leaf_open = [], [{}], "", False
        self.item = None  # what the next Value or Data is: a ContextItem's Name, a node of DevInfo
        self.parser = p = expat.ParserCreate()
        p.ordered_attributes = p.buffer_text = True
        p.StartElementHandler, p.EndElementHandler = self.on_start, self.on_end
        p.CharacterDataHandler, p.XmlDeclHandler = self.on_text, self.on_declaration
        p.CommentHandler = p.StartCdataSectionHandler = self.on_foreign
        p.ProcessingInstructionHandler = p.StartDoctypeDeclHandler = self.on_foreign

    def say(self, text):
        self.lines.append("  " * len(self.path) + text)

    def hide(self, value, any_form=False):
        self.left_out.append(value)
        return "*" if any_form else form(value)

    def on_declaration(self, *_):
        self.say("XML declaration")

    def on_foreign(self, *_):
        self.say("comment, CDATA, DOCTYPE or processing instruction")

    def on_text(self, text):
        self.text += text

    def end_of_text(self):
        """Where only elements belong."""
        if self.text and not (self.pretty and self.text.isspace()):
            self.say("white space" if self.text.isspace() else "text beside elements")
        self.text = ""

    def on_start(self, name, attributes):
        self.end_of_text()
        pairs = list(zip(attributes[::2], attributes[1::2]))
        scope = dict(self.scopes[-1])
        scope.update((k.partition(":")[2], v) for k, v in pairs if k.partition(":")[0] == "xmlns")
        self.scopes.append(scope)
        prefix = name.rpartition(":")[0]
        words = ["%s {%s}" % (name, scope.get(prefix, "unbound" if prefix else ""))]
        self.say(" ".join(words + ['%s="%s"' % (k, self.attribute(name, k, v, pairs)) for k, v in pairs]))
        self.path.append(name)
        self.leaf_open = True

    def attribute(self, name, key, value, pairs):
        if name == "ac:ContextItem":
            self.item = value
        if name == "parm" and key == "value" and dict(pairs).get("name") not in PLAIN_PARMS:
            return self.hide(value, any_form=True)
        below_provider = self.lines and 'type="Provider"' in self.lines[-1]
        if name == "characteristic" and (below_provider or form(value) == "<40 upper-case hex>"):
            return self.hide(value)
        return self.hide(value, any_form=True) if key == "CorrelationId" else value

    def on_end(self, name):
        self.path.pop()
        self.scopes.pop()
        if self.leaf_open:
            self.lines[-1] += self.leaf(name)
        else:
            self.path.append(name)
            self.end_of_text()
            self.path.pop()
        self.text, self.leaf_open = "", False

    def in_one_tag(self):
        """expat tells the end of <a/> behind it, that of <a></a> before its second tag."""
        at = self.parser.CurrentByteIndex
        return not self.text and self.data[at - 2:at] == b"/>"

    def leaf(self, name):
        text = self.text.strip() if self.pretty else self.text
        if self.in_one_tag():
            return " in one tag"
        if name == "LocURI":
            self.item = text.rpartition("/")[2]
            return " = " + (text if text.startswith("./DevInfo/") else self.hide(text))
        return " = " + self.value(name, text) if text else " ="

    def value(self, name, text):
        within = next((p for p in self.path if p in ("Status", "Results", "Replace")), "")
        names = {name, "%s/%s" % (within, name)}
        if name == "ac:Value" or (name == "Data" and within == "Replace"):
            names.add(self.item)
        if self.answer and text not in CONSTANTS_IN_ANSWER:
            if names & (FREE_IN_ANSWER | ANY_IN_ANSWER):
                return self.hide(text, any_form=bool(names & ANY_IN_ANSWER))
        return self.hide(text, any_form=bool(names & ANY)) if names & (FREE | ANY) else text


def depth(line):
    return len(line) - len(line.lstrip())


def block(lines, at):
    """The element at `at` with all that is in it."""
    end = at + 1
    while end < len(lines) and depth(lines[end]) > depth(lines[at]):
        end += 1
    return lines[at:end]


def collapse(lines, repeated):
    """Equal neighbours count as one where the host or its server sends as many as there are."""
    out, last, at = [], None, 0
    while at < len(lines):
        here = block(lines, at)
        if not lines[at].lstrip().startswith(repeated) or "SyncHdr" in here[-2:][0]:
            out, last, at = out + [lines[at]], None, at + 1
            continue
        if here != last:
            out += here + [" " * (depth(here[0]) + 2) + "once or more often"]
        last, at = here, at + len(here)
    return out


def read(data, pretty=False, answer=False):
    """`pretty`: white space between elements is the printer's, as in the captured session.
    `answer`: the message of a host that answers to commands."""
    r = Reader(data, pretty, answer)
    try:
        r.parser.Parse(data, True)
        r.lines += ["white space around"] if data != data.strip() and not pretty else []
    except expat.ExpatError as e:
        r.lines.append("not XML: %s" % e)
    return r


def shape(data, pretty=False, answer=False):
    repeated = (MAC, STATUS, RESULTS) if answer else (MAC,)
    return "\n".join(collapse(read(data, pretty, answer).lines, repeated)) + "\n"
