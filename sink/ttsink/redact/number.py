"""Rules for personal numbers and addresses: e-mail, cards, accounts, phones, national ids."""

import re
from typing import NamedTuple

from stdnum import get_cc_module

from ttsink.redact import check
from ttsink.redact.rule import (
    BEFORE,
    END,
    GAP_ENCODED,
    SEPARATOR,
    START,
    Rule,
    any_of,
    with_context,
    words,
)

_LOCAL = rb"[0-9A-Za-z\x80-\xf4._%+'*/=?^`{|}~!#$&-]+"
_LABEL = rb"[0-9A-Za-z\x80-\xf4-]+"
_EDGE = re.compile(rb"(?s).*(?:[=?&/|{}`'!#$^*~]|%[0-9A-Fa-f]{2})")
_VERSION = re.compile(rb"[0-9]+x?\.[0-9]|.*\.[0-9]+$")
_FILE_ENDINGS = frozenset(
    {b"png", b"jpg", b"jpeg", b"gif", b"svg", b"webp", b"css", b"js", b"html", b"json", b"yml"}
)
_MACHINE = re.compile(
    rb"(?i)(?:git|hg|svn|ssh|root|celery|rabbit|worker|beat|flower|node|ec2-user|ubuntu|nobody)"
    rb"(?:[._-]?[0-9A-Za-z]*[0-9])?$"
)
"""What stands before the `@` of a repository, a login or a Celery or RabbitMQ node."""
_LOGIN = re.compile(rb"://[^\s/@]*$")
_USUAL = re.compile(
    rb"([0-9A-Za-z_+\x80-\xf4][0-9A-Za-z_+.\x80-\xf4-]*+)"
    rb"@[A-Za-z][0-9A-Za-z.-]*\.([A-Za-z]{2,})"
)
"""An address with nothing to trim, as nearly all of them are."""
MAX_LOGIN_BYTES = 128
"""How far back a URL may begin whose login and host look like an address together."""


def email(text: bytes, start: int, end: int) -> list[tuple[int, int]]:
    """Trim what prose, quotes and URLs put before the address; `logo@2x.png` is a file."""
    if usual := _USUAL.fullmatch(text, start, end):
        if (
            usual[2].lower() in _FILE_ENDINGS
            or _MACHINE.match(text, start, usual.end(1))
            or _in_url(text, start)
        ):
            return []
        return [(start, end)]
    local, _, domain = text[start:end].rpartition(b"@")
    domain = domain.rstrip(b"-")
    end = start + len(local) + 1 + len(domain)
    edge = _EDGE.match(local)
    name = local[edge.end() :] if edge else local
    name = name.lstrip(b".%-")
    last = domain.rpartition(b".")[2].lower()
    if not name or len(last) < 2 or last in _FILE_ENDINGS or _VERSION.match(domain):
        return []
    if _MACHINE.match(name) or _in_url(text, start):
        return []
    return [(start + len(local) - len(name), end)]


def _in_url(text: bytes, start: int) -> bool:
    first = max(0, start - MAX_LOGIN_BYTES)
    return text.find(b"://", first, start) >= 0 and _LOGIN.search(text[first:start]) is not None


EMAIL = Rule(
    "email",
    rb"[^\s@<>()\[\],:;]@[0-9A-Za-z\x80-\xf4][0-9A-Za-z\x80-\xf4.-]*\.[A-Za-z\x80-\xf4]{2}"
    rb"|[0-9A-Za-z]\\*\"@[0-9A-Za-z]",
    b"(" + _LOCAL + b"@" + _LABEL + rb"(?:\." + _LABEL + b")+)",
    email,
    thorough=True,
)

_CARD_JOINT = rb"(?:[ +.-]|%(?:25)*20|\xc2\xa0|\xe2\x80.)"
_CARD_WORDS = words(("pan", "cc", "visa", "amex"), ("card", "credit", "debit", "payment"))
_CARD_SCAN = (
    # Grouped; or ungrouped with an issuer's prefix; or after a word, when any length counts.
    rb"[2-6][0-9]{3}" + _CARD_JOINT + rb"[0-9]{4,6}" + _CARD_JOINT + rb"[0-9]{4,5}",
    rb"(?:4[0-9]{3}|5[0-8][0-9]{2}|2[2-7][0-9]{2}|6[0-9]{3}|35[2-8][0-9])[0-9]{12}" + END,
    rb"(?:3[47][0-9]{13}|3[0689][0-9]{12}|[56][0-9]{13,14})" + END,
)
CARD = Rule(
    "card",
    START.replace(b"A-Za-z]", b"A-Za-z._]", 1)
    + b"(?:"
    + any_of(_CARD_SCAN)
    + b")|(?:"
    + _CARD_WORDS
    + b")"
    + GAP_ENCODED
    + rb"[2-6][0-9]{3}(?:"
    + _CARD_JOINT
    + rb"?[0-9]){8}",
    BEFORE + rb"([2-6][0-9]{3}(?:(?:[ +.-]|\xc2\xa0|\xe2\x80.)?[0-9]){8,})" + END,
    check.card,
    number=True,
    thorough=True,
)

_COUNTRIES = b"|".join(country.encode() for country in check.IBAN_COUNTRIES)
IBAN = Rule(
    "iban",
    START
    + b"(?:"
    + _COUNTRIES
    + rb")[0-9]{2}"
    + SEPARATOR
    + rb"[0-9A-Z]{4}"
    + SEPARATOR
    + rb"[0-9A-Z]{4}"
    + SEPARATOR
    + rb"[0-9A-Z]{3}|(?i:iban)[^0-9\n]{1,20}[0-9]{2}",
    BEFORE + b"((?i:" + _COUNTRIES + rb")[0-9]{2}(?:(?:[ +.-]|\xc2\xa0)?[0-9A-Za-z]){11,33})",
    check.iban,
    number=True,
)

_PHONE_WORDS = words(
    ("tel", "cell", "fax", "sms", "gsm"),
    ("phone", "mobile", "msisdn", "whatsapp", "telefon", "handynummer"),
)
_PHONE = rb"[+(]?[0-9][0-9 ().-]{5,18}[0-9]"
_PHONE_ENCODED = rb"(?:[0-9](?:[ ().+-]|%(?:25)*2[0-9B])*){7}"
_PHONE_SCAN = (
    rb"(?:\+|%(?:25)*2[bB])[1-9](?:(?:[ ().-]|%(?:25)*2[0-9])*[0-9]){6}|(?:"
    + _PHONE_WORDS
    + b")"
    + GAP_ENCODED
    + _PHONE_ENCODED
)
PHONE = Rule(
    "phone",
    _PHONE_SCAN,
    with_context(_PHONE_WORDS, _PHONE),
    check.phone,
    number=True,
)
PHONE_INTERNATIONAL = Rule(
    "phone",
    _PHONE_SCAN,
    rb"(?:^|[^0-9A-Za-z/+])(\+[1-9][0-9]{0,2}(?:[ .()-]{0,2}[0-9]){6,12})" + END,
    check.international_phone,
    number=True,
)


class _Identity(NamedTuple):
    """A national id: python-stdnum's module, its shape, and the words it follows.

    `alone` is a shape so particular that a valid one counts without a word before it.
    """

    kind: str
    module: tuple[str, str]
    shape: bytes
    short: tuple[str, ...] = ()
    long: tuple[str, ...] = ()
    alone: bytes = b""


_NINE = rb"[0-9]{3}[ .-]?[0-9]{3}[ .-]?[0-9]{3}"
_ELEVEN = rb"[0-9](?:[ .-]?[0-9]){10}"
_IDENTITIES = (
    _Identity(
        "us_ssn",
        ("us", "ssn"),
        rb"[0-9]{3}[ -]?[0-9]{2}[ -]?[0-9]{4}",
        ("ssn",),
        ("social security",),
        rb"[0-9]{3}-[0-9]{2}-[0-9]{4}",
    ),
    _Identity(
        "us_itin", ("us", "itin"), rb"9[0-9]{2}[ -]?[0-9]{2}[ -]?[0-9]{4}", ("itin",), ("taxpayer",)
    ),
    _Identity("uk_nhs", ("gb", "nhs"), rb"[0-9]{3}[ -]?[0-9]{3}[ -]?[0-9]{4}", ("nhs",)),
    _Identity("ca_sin", ("ca", "sin"), _NINE, ("sin",), ("social insurance",)),
    _Identity("de_idnr", ("de", "idnr"), _ELEVEN, ("idnr", "tin"), ("steuer", "tax id")),
    _Identity(
        "fr_nir",
        ("fr", "nir"),
        rb"[1-478](?:[ .-]?[0-9AB]){14}",
        ("nir", "insee", "secu"),
        ("securite sociale", "s\u00e9curit\u00e9 sociale"),
    ),
    _Identity("es_dni", ("es", "dni"), rb"[0-9]{8}[ -]?[A-Za-z]", ("dni", "nif"), ("documento",)),
    _Identity(
        "es_nie",
        ("es", "nie"),
        rb"[XYZxyz][ -]?[0-9]{7}[ -]?[A-Za-z]",
        ("nie",),
        (),
        rb"[XYZ]-?[0-9]{7}-?[A-Z]",
    ),
    _Identity(
        "it_codicefiscale",
        ("it", "codicefiscale"),
        rb"[A-Za-z]{6}[0-9]{2}[A-Za-z][0-9]{2}[A-Za-z][0-9]{3}[A-Za-z]",
        (),
        (),
        rb"[A-Z]{6}[0-9]{2}[A-EHLMPRST][0-9]{2}[A-Z][0-9]{3}[A-Z]",
    ),
    _Identity(
        "nl_bsn",
        ("nl", "bsn"),
        rb"[0-9]{4}[ .]?[0-9]{2}[ .]?[0-9]{3}",
        ("bsn",),
        ("burgerservice",),
    ),
    _Identity(
        "be_nn",
        ("be", "nn"),
        _ELEVEN,
        ("niss", "insz"),
        ("rijksregister", "registre national"),
        rb"[0-9]{2}\.[0-9]{2}\.[0-9]{2}-[0-9]{3}\.[0-9]{2}",
    ),
    _Identity(
        "se_personnummer",
        ("se", "personnummer"),
        rb"[0-9]{6,8}[-+ ]?[0-9]{4}",
        ("pnr",),
        ("personnummer", "personal number"),
    ),
    _Identity(
        "fi_hetu",
        ("fi", "hetu"),
        rb"[0-9]{6}[-+A-FU-Y][0-9]{3}[0-9A-Z]",
        ("hetu",),
        ("henkil", "personal id"),
    ),
    _Identity(
        "no_fodselsnummer",
        ("no", "fodselsnummer"),
        rb"[0-9]{6}[ ]?[0-9]{5}",
        ("fnr",),
        ("dselsnummer", "fodselsnr"),
    ),
    _Identity("dk_cpr", ("dk", "cpr"), rb"[0-9]{6}[- ]?[0-9]{4}", ("cpr",)),
    _Identity("pl_pesel", ("pl", "pesel"), rb"[0-9]{11}", (), ("pesel",)),
    _Identity(
        "br_cpf",
        ("br", "cpf"),
        rb"[0-9]{3}\.?[0-9]{3}\.?[0-9]{3}-?[0-9]{2}",
        ("cpf",),
        (),
        rb"[0-9]{3}\.[0-9]{3}\.[0-9]{3}-[0-9]{2}",
    ),
    _Identity(
        "in_aadhaar",
        ("in", "aadhaar"),
        rb"[2-9][0-9]{3}[ -]?[0-9]{4}[ -]?[0-9]{4}",
        ("uid",),
        ("aadhaar", "aadhar"),
    ),
    _Identity("au_tfn", ("au", "tfn"), _NINE, ("tfn",), ("tax file",)),
    _Identity("pt_nif", ("pt", "nif"), _NINE, ("nif", "contribuinte")),
    _Identity(
        "cn_ric",
        ("cn", "ric"),
        rb"[1-9][0-9]{16}[0-9Xx]",
        (),
        (),
        rb"[1-9][0-9]{5}(?:19|20)[0-9]{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01])[0-9]{3}[0-9Xx]",
    ),
    _Identity(
        "kr_rrn", ("kr", "rrn"), rb"[0-9]{6}-?[0-9]{7}", ("rrn",), (), rb"[0-9]{6}-[1-8][0-9]{6}"
    ),
    _Identity("tr_tckimlik", ("tr", "tckimlik"), rb"[1-9][0-9]{10}", ("tckn",), ("kimlik",)),
    _Identity(
        "za_idnr",
        ("za", "idnr"),
        rb"[0-9]{6}[ ]?[0-9]{4}[ ]?[0-9]{3}",
        ("said",),
        ("id number", "identity number"),
    ),
    _Identity(
        "mx_curp",
        ("mx", "curp"),
        rb"[A-Z]{4}[0-9]{6}[HM][A-Z]{5}[0-9A-Z][0-9]",
        (),
        (),
        rb"[A-Z]{4}[0-9]{6}[HM][A-Z]{5}[0-9A-Z][0-9]",
    ),
    _Identity(
        "ch_ahv",
        ("ch", "ssn"),
        rb"756[. ]?[0-9]{4}[. ]?[0-9]{4}[. ]?[0-9]{2}",
        ("ahv", "avs"),
        (),
        rb"756\.[0-9]{4}\.[0-9]{4}\.[0-9]{2}",
    ),
    _Identity("ie_pps", ("ie", "pps"), rb"[0-9]{7}[A-Wa-w][A-IWa-iw]?", ("pps", "ppsn")),
    _Identity("ro_cnp", ("ro", "cnp"), rb"[1-9][0-9]{12}", ("cnp",)),
    _Identity("bg_egn", ("bg", "egn"), rb"[0-9]{10}", ("egn",)),
    _Identity("cz_rc", ("cz", "rc"), rb"[0-9]{6}/?[0-9]{3,4}", ("rc",), ("rodn",)),
    _Identity(
        "il_id",
        ("il", "idnr"),
        rb"[0-9]{7,8}-?[0-9]",
        (),
        ("teudat", "teudat zehut", "mispar zehut"),
    ),
    _Identity(
        "ar_cuit",
        ("ar", "cuit"),
        rb"[0-9]{2}-?[0-9]{8}-?[0-9]",
        ("cuit", "cuil"),
        (),
        rb"2[0347]-[0-9]{8}-[0-9]",
    ),
    _Identity(
        "cl_rut",
        ("cl", "rut"),
        rb"[0-9]{1,2}\.?[0-9]{3}\.?[0-9]{3}-?[0-9Kk]",
        ("rut",),
        (),
        rb"[0-9]{1,2}\.[0-9]{3}\.[0-9]{3}-[0-9Kk]",
    ),
    _Identity(
        "jp_my_number",
        ("jp", "in_"),
        rb"[0-9]{4}[ -]?[0-9]{4}[ -]?[0-9]{4}",
        (),
        ("my number", "individual number"),
    ),
    _Identity(
        "at_svnr", ("at", "vnr"), rb"[0-9]{4}[ ]?[0-9]{6}", ("svnr",), ("versicherungsnummer",)
    ),
    _Identity("hr_oib", ("hr", "oib"), rb"[0-9]{11}", ("oib",)),
)


def _identity_rules() -> list[Rule]:
    rules = []
    for one in _IDENTITIES:
        module = get_cc_module(*one.module)
        assert module is not None, one.module
        accept = check.valid(module.is_valid)
        if one.short or one.long:
            find = with_context(words(one.short, one.long), one.shape)
            rules.append(Rule(one.kind, b"", find, accept, number=True))
        if one.alone:
            alone = BEFORE + b"(" + one.alone + b")" + END
            scan = START + one.alone + END
            rules.append(Rule(one.kind, scan, alone, accept, number=True))
    # One scan for all that need a word: the words, then something with enough digits.
    short = tuple(dict.fromkeys(word for one in _IDENTITIES for word in one.short))
    long = tuple(dict.fromkeys(word for one in _IDENTITIES for word in one.long))
    scan = (
        b"(?:"
        + words(short, long)
        + b")"
        + GAP_ENCODED
        + rb"[XYZxyz]?[ -]?[0-9](?:(?:[ ./+-]|%(?:25)*2[0-9A-F])?[0-9AB]){5}"
    )
    return [rule if rule.scan else rule._replace(scan=scan) for rule in rules]


IP_RULES = (
    Rule(
        "ipv4",
        rb"[0-9]{1,3}\.[0-9]{1,3}\.[0-9]{1,3}\.[0-9]{1,3}",
        rb"(?:^|[^0-9A-Za-z.])([0-9]{1,3}\.[0-9]{1,3}\.[0-9]{1,3}\.[0-9]{1,3})(?:[^0-9A-Za-z]|$)",
        check.address,
    ),
    Rule(
        "ipv6",
        rb"(?i:[0-9a-f]{1,4}:[0-9a-f:]{2,}|::[0-9a-f])",
        rb"(?i)(?:^|[^0-9A-Za-z:.])([0-9a-f]{0,4}(?::[0-9a-f]{0,4}){2,7})(?:[^0-9A-Za-z:]|$)",
        check.address,
    ),
)
NUMBER_RULES: tuple[Rule, ...] = (
    EMAIL,
    IBAN,
    CARD,
    *_identity_rules(),
    PHONE,
    PHONE_INTERNATIONAL,
)
