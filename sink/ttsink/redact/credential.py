"""Rules for secrets told by their surroundings: names, headers, pairs and URLs."""

import re
from collections.abc import Callable

from ttsink.redact import check
from ttsink.redact.rule import MARKED, Rule, Span

PASSWORD_WORDS = rb"passw(?:or)?d|passphrase|passwort|mot_de_passe|contrase(?:n|\xc3\xb1)a|pwd"
SECRET_WORDS = (
    rb"secret|private[_.-]?key|secret[_.-]?key|encryption[_.-]?key|signing[_.-]?key"
    rb"|master[_.-]?key|shared[_.-]?access[_.-]?(?:key|signature)|account[_.-]?key|credentials?"
)
API_KEY_WORDS = rb"api[_.-]?key|access[_.-]?key|auth[_.-]?key|subscription[_.-]?key"
TOKEN_WORDS = rb"token|jwt|bearer"
COOKIE_WORDS = rb"set-cookie|cookie|sess(?:ion)?id|session[_-]id|session[_-]?cookie"
AUTHORIZATION_WORDS = rb"authorization|x-auth[a-z-]*"
VERIFICATION_WORDS = rb"cvv2?|cvc2?|card[_-]?verification[a-z_-]*"

_VALUE = (
    # Forms write the blank between a name and its value as `+`.
    rb"""(?:[bu]|\+{1,3})?"(?:[^"\\\n]|\\.)+(?:"|$)|[bu]?'(?:[^'\\\n]|\\.)+(?:'|$)"""
    rb"""|[^\s"'<>,;&\\\x60]+"""
)
_SIGN = rb"""["']?\]?[ \t]{0,3}(?:=>|[:=>])[ \t]{0,3}"""
_SIGN_ENCODED = (
    rb"""(?:\\*["']|%(?:25)*2[27])?\]?(?: |%(?:25)*20)*"""
    rb"""(?:[:=>]|%(?:25)*3[dDaAeE]|\\+u003[dDaAeE])"""
)


def _scan(words: bytes) -> bytes:
    listed = rb"""(?:\\*["']) ?,"""
    return (
        b"(?i:" + words + b")(?:" + _SIGN_ENCODED + b"|" + listed + b")"
        b"|--[a-z-]*(?:" + words + b")(?: |%(?:25)*20)"
    )


_NOT_A_VALUE = re.compile(
    rb"(?i)(?:null|none|nil|undefined|true|false|yes|no|ok|n/a|required|missing|invalid|incorrect"
    rb"|expired|empty|unset|set|unknown|string|str|redacted|filtered|hidden|masked|removed|secret"
    rb"|password|token|optional|disabled|enabled|is|was|not|for|the|and|or|\[?redacted\]?"
    rb"|\[?filtered\]?|[*x.\xff\-]*|\$\{.*|(?-i:\$[A-Z_][0-9A-Z_]*)|\$\(.*|\{\{.*|%[sdr(].*"
    rb"|<[^<>]*>?|[({\[]\w*[)}\]]?|\*\*\*.*)"
)
_NEXT_PAIR = re.compile(rb"[\w.-]{1,64}[ ]?[=:]|[\s\"']|$")
_CLOSERS = {b")": b"(", b"]": b"[", b"}": b"{"}


def _bounds(text: bytes, start: int, end: int) -> Span:
    """Without quotes; without what closes a bracket opened before; with `,;&` inside a value."""
    if text[start : start + 2] in {b"b'", b'b"', b"u'", b'u"'}:
        start += 1
    while text[start : start + 1] == b"+" and b'"' in text[start + 1 : start + 4]:
        start += 1
    quote = text[start : start + 1]
    if quote in {b'"', b"'"}:
        start += 1
        return start, end - 1 if end - 1 > start and text[end - 1 : end] == quote else end
    while text[end : end + 1] in {b",", b";", b"&"} and not _NEXT_PAIR.match(text, end + 1):
        end += 1
        while end < len(text) and text[end : end + 1] not in _ENDS:
            end += 1
    while end > start and (
        text[end - 1 : end] == b"."
        or (
            (opener := _CLOSERS.get(text[end - 1 : end])) is not None
            and text.count(opener, start, end) < text.count(text[end - 1 : end], start, end)
        )
    ):
        end -= 1
    return start, end


_ENDS = frozenset(bytes((byte,)) for byte in b" \t\r\n\"'<>,;&`\\")


def _pair(min_size: int, *, plain: bool) -> Callable[[bytes, int, int], list[Span]]:
    """`plain` takes any value; otherwise it must not look like a count or a word."""

    def accept(text: bytes, start: int, end: int) -> list[Span]:
        first, last = _bounds(text, start, end)
        value = text[first:last]
        if len(value) < min_size or _NOT_A_VALUE.fullmatch(value):
            return []
        quoted = first != start
        prose = not quoted and text[first - 1 : first] in {b" ", b"\t"}
        wordy = value.isalpha() and (value.islower() or value.istitle())
        if wordy and (prose or not plain):
            return []
        if not plain and not quoted and value.isdigit() and len(value) < 9:
            return []
        return [(first, last)]

    return accept


def _working_directory(
    accept: Callable[[bytes, int, int], list[Span]],
) -> Callable[[bytes, int, int], list[Span]]:
    """`PWD=/srv/app` is where a process runs."""

    def checked(text: bytes, start: int, end: int) -> list[Span]:
        name = text[max(0, start - 8) : start].lower()
        if b"pwd" in name and text[start : start + 1] in {b"/", b"~"}:
            return []
        return accept(text, start, end)

    return checked


def _pair_rule(
    kind: str, words: bytes, accept: Callable[[bytes, int, int], list[Span]], value: bytes = _VALUE
) -> Rule:
    return Rule(
        kind,
        _scan(words),
        b"(?:(?i:" + words + b")" + _SIGN + rb"|--[a-z-]*(?:" + words + rb")[ ]+)(" + value + b")",
        accept,
    )


_COOKIE_VALUE = (
    # Forms write the blank between a name and its value as `+`.
    rb"""(?:[bu]|\+{1,3})?"(?:[^"\\\n]|\\.)+(?:"|$)|[bu]?'(?:[^'\\\n]|\\.)+(?:'|$)"""
    rb"""|[^\s"';,\\]+(?:; ?[^\s"';,\\]+)*"""
)
SCHEMES = frozenset({b"bearer", b"basic", b"token", b"digest", b"apikey", b"negotiate"})
SCHEME = re.compile(rb"(?i)(?:bearer|basic|token|digest|apikey|negotiate|aws4-[0-9a-z-]+) +")


def _authorization(text: bytes, start: int, end: int) -> list[Span]:
    """The credentials after the scheme, which is kept: it says what was tried."""
    first, last = _bounds(text, start, end)
    scheme = SCHEME.match(text, first, last)
    if scheme is not None:
        first = scheme.end()
    if last - first < 4 or _NOT_A_VALUE.fullmatch(text[first:last]):
        return []
    if text[first:last].isalpha() and text[first:last].islower():
        return []
    return [(first, last)]


_SCHEMES = rb"(?i:bearer|basic|token|digest|apikey|negotiate|aws4-[0-9a-z-]{1,24})"
_PARAMETERS = rb"""[A-Za-z]+=(?:"[^"\n]*"|[^\s,"'\\]+)"""
_AUTHORIZATION_VALUE = (
    # Forms write the blank between a name and its value as `+`.
    rb"""(?:[bu]|\+{1,3})?"(?:[^"\\\n]|\\.)+(?:"|$)|[bu]?'(?:[^'\\\n]|\\.)+(?:'|$)"""
    rb"|" + _SCHEMES + rb"[ ]+" + _PARAMETERS + rb"(?:,[ ]?" + _PARAMETERS + rb")*"
    rb"|(?:" + _SCHEMES + rb"[ ]+)?[^\s,;\"'\\]+"
)

USERINFO = Rule(
    "url_password",
    rb':(?:\\*/|%2[fF]){2}[^\s/"<>@]*@',
    rb"[A-Za-z][0-9A-Za-z+.-]{1,20}://[^\s/:@\"'<>]*:([^\s/\"'<>]+)@[0-9A-Za-z\[\xff]",
)


def _query(text: bytes, start: int, end: int) -> list[Span]:
    value = text[start:end]
    if value.isdigit() or value.isalpha() or not value.strip(MARKED):
        return []
    return [(start, end)]


def _unquoted(text: bytes, start: int, end: int) -> Span:
    return (start + 1, end - 1) if text[start : start + 1] in {b'"', b"'"} else (start, end)


def _logins(text: bytes, start: int, end: int) -> list[Span]:
    """The passwords of `name:password` in a call of curl; two numbers are a user and a group."""
    found = []
    for option in _LOGIN.finditer(text, start, end):
        first, last = _unquoted(text, *option.span(1))
        name, _, value = text[first:last].partition(b":")
        if _NOT_A_VALUE.fullmatch(value) or (name.isdigit() and value.isdigit()):
            continue
        found.append((last - len(value), last))
    return found


_TECHNICAL = re.compile(
    rb"(?i)(?:sha|md|base|utf|b?crypt|s?crypt|argon|pbkdf|aes|rsa|des|ntlm|hmac|rot|ascii|iso)"
    rb"[-_]?[0-9].*|[0-9]+[-_]?[a-z]+|[0-9][0-9T:.,+-]*Z?"
)
"""What is said of a password and is none: how it is hashed, how long or how old it is."""
MIN_SPOKEN_BYTES = 6


def _spoken(text: bytes, start: int, end: int) -> list[Span]:
    """After `password is`: letters and digits together, as no word has them, and no path."""
    first, last = _unquoted(text, start, end)
    last = first + len(text[first:last].rstrip(b".,;:!?)"))
    value = text[first:last]
    if len(value) < MIN_SPOKEN_BYTES or b"/" in value or _TECHNICAL.fullmatch(value):
        return []
    if not re.search(rb"[0-9]", value) or not re.search(rb"[A-Za-z]", value):
        return []
    return [(first, last)]


_QUERY_WORDS = (
    rb"sig|signature|x-amz-(?:signature|credential|security-token)|x-goog-(?:signature|credential)"
    rb"|key|code|auth|sid|session|sess|ticket|otp|assertion|client_assertion|saml(?:response|request)"
)
QUERY = Rule(
    "url_secret",
    rb"(?i:(?:[?&;]|\\u0026|%26|%3F)(?:" + _QUERY_WORDS + rb")(?:=|%3D|\\u003d))",
    rb"(?i:[?&;](?:" + _QUERY_WORDS + rb")=)([^\s\"'<>&#]{8,})",
    _query,
)

_SPACE_ENCODED = rb"(?:[ +\n]|%(?:25)*20|\\+[tn])"
_CURL_FLAGS = rb"[#0-9aBfgiIjJkLlNnOpqRsSvZ]{0,8}"
"""Options of curl's that take no value, so that `u` may follow them in one word."""
_LOGIN = re.compile(
    rb"[ \t\n](?:-" + _CURL_FLAGS + rb"[uU][ \t]{0,3}|--(?:proxy-)?user[ \t=]{1,3})"
    rb"""("[^"\s:]*:[^"\n\xff]+"|'[^'\s:]*:[^'\n\xff]+'|[^\s:"'\\]*:[^\s"'\\\xff]+)"""
)
CURL = Rule(
    # Of all commands only curl takes a password there: `docker run -u 1000:1000`.
    "password",
    _SPACE_ENCODED
    + rb"-(?:-(?:proxy-)?user|"
    + _CURL_FLAGS
    + rb"[uU])(?:[=\\\"']|%(?:25)*(?:2[27]|3[dD])|"
    + _SPACE_ENCODED
    + rb")*[^\s:]*(?::|%(?:25)*3[aA])",
    rb"(?:^|[^0-9A-Za-z])curl(?:\.exe)?([ \t](?:\\\n|[^\n])+)",
    _logins,
    thorough=True,
)

_SPOKEN_WORDS = rb"passw(?:or)?d|passphrase|passwort"
_SPOKEN_LINKS = rb"(?:is|was|ist|lautet|(?:set|changed)[ +]to)"
SPOKEN = Rule(
    "password",
    rb"(?i:" + _SPOKEN_WORDS + rb")(?:[ +]|%(?:25)*20)+"
    rb"(?i:is|was|ist|lautet|(?:set|changed)(?:[ +]|%(?:25)*20)to)(?:[ +:]|%(?:25)*(?:20|3[aA]))",
    rb"(?i:" + _SPOKEN_WORDS + rb")[ +]{1,3}(?i:" + _SPOKEN_LINKS + rb"):?[ +]{1,3}"
    rb"""("[^"\n]+"|'[^'\n]+'|[^\s"'<>\\\x60\xff]+)""",
    _spoken,
)

CREDENTIAL_RULES: tuple[Rule, ...] = (
    _pair_rule("authorization", AUTHORIZATION_WORDS, _authorization, _AUTHORIZATION_VALUE),
    Rule(
        "bearer",
        rb"(?i:bearer)(?:[ +]|%20)+[0-9A-Za-z._~+/=-]{8}",
        rb"(?i:bearer)[ +]{1,4}([0-9A-Za-z._~+/\xff-]{8,}={0,2})",
        check.bearer,
    ),
    Rule(
        "basic",
        rb"(?i:basic)(?:[ +]|%20)+[0-9A-Za-z+/=_-]{8}",
        rb"(?i:basic)[ +]{1,4}([0-9A-Za-z+/_-]{6,}={0,2})",
        check.basic,
    ),
    USERINFO,
    _pair_rule("cookie", COOKIE_WORDS, _pair(4, plain=False), _COOKIE_VALUE),
    _pair_rule("password", PASSWORD_WORDS, _working_directory(_pair(1, plain=True))),
    _pair_rule("secret", SECRET_WORDS, _pair(3, plain=True)),
    _pair_rule("api_key", API_KEY_WORDS, _pair(6, plain=False)),
    _pair_rule("token", TOKEN_WORDS, _pair(6, plain=False)),
    Rule(
        "card_code",
        b"(?i:" + VERIFICATION_WORDS + b")" + _SIGN_ENCODED,
        b"(?i:" + VERIFICATION_WORDS + b")" + _SIGN + rb"[\"']?([0-9]{3,4})(?:[^0-9]|$)",
    ),
    QUERY,
    CURL,
    SPOKEN,
)
