"""Checks that a candidate is what it looks like: checksums, structure, plausible values.

Each check is an `Accept`: it is given a text and the bounds of a candidate and returns the
bounds of the values. The checksums are python-stdnum's.
"""

import base64
import binascii
import ipaddress
import re
from collections.abc import Callable, Sequence
from functools import lru_cache

import msgspec
from stdnum import numdb

from ttsink.redact.rule import MARKED, Accept, Span

MIN_CARD_DIGITS = 12
MAX_CARD_DIGITS = 19
MIN_PHONE_DIGITS = 8
MAX_PHONE_DIGITS = 15
"""E.164 allows 15; no country's numbers in international form are shorter than 8."""

_GOES_ON = re.compile(rb"\.[0-9]|[-_][0-9A-Za-z]")
"""After a number: it was the whole part of a decimal, or the head of a longer name."""
_DIGIT_GROUP = re.compile(rb"[0-9]+")
_ENTITY_BEFORE = re.compile(
    rb"(?:(?:^|[^0-9A-Za-z])(?i:(?:req(?:uest)?|block|blk|order|seq(?:uence)?|offset|batch|job"
    rb"|task|trace|span|event|parent|build|run|commit|rev(?:ision)?|snowflake|epoch"
    rb"|time(?:stamp)?|nonce|lsn|xid|version|checksum|hash|crc|pid|tid|id)s?"
    rb"(?:[ _.-]?(?:id|no|nr|number|num|key))?)|[a-z](?:Id|ID|Nr|Num|Number|Seq))"
    rb"[\"'\s|]{0,4}[#:=]?[\"'\s|#]{0,4}$"
)
_ENTITY_WINDOW = 32
_ENTITY_JOINTS = b"\"' \t\n\r\f\v|#:="
_CARD_WORD_BEFORE = re.compile(
    rb"(?i)(?:card|pan|visa|master|amex|discover|maestro|diners|credit|debit|payment|\bcc)"
    rb"[^0-9\n]{0,24}$"
)
_CARD_WINDOW = 48
_NO_DIGITS = bytes(byte for byte in range(256) if byte not in b"0123456789\n")
_LONGER_NAME = re.compile(rb"[0-9A-Za-z_]-")


def valid(check: Callable[[str], bool]) -> Accept:
    """One of python-stdnum's `is_valid` as an `Accept` for the whole candidate."""

    def accept(text: bytes, start: int, end: int) -> Sequence[Span]:
        if _GOES_ON.match(text, end):
            return ()
        try:
            held = check(text[start:end].decode("ascii"))
        except (ValueError, ArithmeticError, LookupError):
            held = False
        return ((start, end),) if held else ()

    return accept


_ONES = bytes(max(0, byte - 48) if byte < 58 else 0 for byte in range(256))
_DOUBLED = bytes(sum(divmod(2 * value, 10)) for value in _ONES)


def passes_luhn(digits: bytes) -> bool:
    """What `stdnum.luhn.is_valid` says of digits, at a tenth of its cost.

    A batch may hold nothing but numbers that might be a card's.
    """
    total = sum(digits[::-2].translate(_ONES)) + sum(digits[-2::-2].translate(_DOUBLED))
    return total % 10 == 0


@lru_cache(maxsize=4096)
def _issued(prefix: bytes) -> frozenset[int]:
    """How many digits a card has that begins with these four, by its scheme (ISO/IEC 7812)."""
    two, three, four = int(prefix[:2]), int(prefix[:3]), int(prefix)
    if prefix[:1] == b"4":
        return frozenset({13, 16, 19})
    if two in {34, 37}:
        return frozenset({15})
    if 51 <= two <= 55 or 2221 <= four <= 2720:
        return frozenset({16})
    if two == 65 or four == 6011 or 644 <= three <= 649 or two == 62 or 3528 <= four <= 3589:
        return frozenset(range(16, 20))
    if two in {36, 38, 39} or 300 <= three <= 305:
        return frozenset(range(14, 20))
    if two in {50, 56, 57, 58, 60, 63, 67, 68}:
        return frozenset(range(MIN_CARD_DIGITS, MAX_CARD_DIGITS + 1))
    return frozenset()


_GROUPINGS = {(4, 4, 4, 4), (4, 6, 5), (4, 6, 4), (4, 4, 4, 4, 3), (4, 4, 5)}
_BARE_ISSUERS = {14: {b"30", b"36", b"38", b"39"}, 15: {b"34", b"37"}}
"""What an ungrouped number of a size other than 16 begins with, where it counts without a word
such as `card` before it: Diners and American Express. Most other numbers of 13 to 15 and of 17
to 19 digits in logs are times, durations and generated ids."""


def card(text: bytes, start: int, end: int) -> Sequence[Span]:
    """Issuer range, length and Luhn, over every whole run of groups in the candidate.

    Parts of longer names (`blk_-160...`, UUIDs) and numbers introduced as a request, a block
    or a time are left alone, and so are numbers of one repeated digit.
    """
    before = text[max(0, start - 2) : start]
    if before[-1:] in {b".", b"_"} or _LONGER_NAME.fullmatch(before):
        return ()
    groups = [(m.start(), m.end()) for m in _DIGIT_GROUP.finditer(text, start, end)]
    found: list[Span] = []
    first = 0
    while first < len(groups):
        last = _card_from(text, groups, first)
        if last is None or _GOES_ON.match(text, groups[last][1]):
            first += 1
        else:
            found.append((groups[first][0], groups[last][1]))
            first = last + 1
    return found


def _card_from(text: bytes, groups: list[Span], first: int) -> int | None:
    digits = b""
    issued: frozenset[int] = frozenset()
    best = None
    for last in range(first, min(first + 6, len(groups))):
        start, end = groups[last]
        digits += text[start:end]
        size = len(digits)
        if size > MAX_CARD_DIGITS:
            break
        if size < MIN_CARD_DIGITS:
            continue
        issued = issued or _issued(digits[:4])
        if not issued:
            break
        if size not in issued or not passes_luhn(digits) or digits.count(digits[:1]) == size:
            continue
        sizes = tuple(b - a for a, b in groups[first : last + 1])
        if sizes in _GROUPINGS or _card_by_context(text, groups[first][0], sizes, digits[:2]):
            best = last
    return best


def _card_by_context(text: bytes, start: int, sizes: tuple[int, ...], issuer: bytes) -> bool:
    if len(sizes) == 1 and (sizes[0] == 16 or issuer in _BARE_ISSUERS.get(sizes[0], ())):
        before = text[max(0, start - _ENTITY_WINDOW) : start]
        if not before.rstrip(_ENTITY_JOINTS)[-1:].isalpha() or not _ENTITY_BEFORE.search(before):
            return True
    before = text[max(0, start - _CARD_WINDOW) : start]
    # A word has no digits, and none stand between it and the number.
    line = before.removesuffix(b"\n")
    wordless = len(line.rstrip(_NO_DIGITS))
    return len(line) - wordless > 1 and _CARD_WORD_BEFORE.search(before, wordless) is not None


def iban(text: bytes, start: int, end: int) -> Sequence[Span]:
    """Country length, structure and mod 97; the candidate may run on past the number."""
    country = text[start : start + 2].decode("latin-1").upper()
    size = _IBAN_SIZES.get(country)
    if size is None:
        return ()
    at, seen = start, 0
    while at < end and seen < size:
        seen += text[at : at + 1].isalnum()
        at += 1
    if seen < size or text[at : at + 1].isalnum():
        return ()
    written = text[start:at].replace(b"\xc2\xa0", b"").translate(None, b" -.")
    number = written.decode("latin-1").upper()
    if not number.isascii() or not number.isalnum():
        return ()
    if int((number[4:] + number[:4]).translate(_AS_DIGITS)) % 97 != 1:
        return ()
    shape = _bban_shape(country)
    return ((start, at),) if shape is not None and shape.match(number, 4) else ()


_AS_DIGITS = {ord("A") + place: str(10 + place) for place in range(26)}
"""Letters as ISO 7064 counts them in a mod 97-10."""


@lru_cache(maxsize=128)
def _bban_shape(country: str) -> re.Pattern[str] | None:
    """What stands behind country and check digits, from python-stdnum's copy of the registry.

    `stdnum.iban.is_valid` looks it up for every number, at twenty times the cost of the sum.
    """
    found = numdb.get("iban").info(country)[0][1].get("bban")
    if not found:
        return None
    classes = {"n": "[0-9]", "a": "[A-Z]", "c": "[0-9A-Z]"}
    runs = re.findall(r"([1-9][0-9]*)!([nac])", found)
    return re.compile("".join(f"{classes[kind]}{{{size}}}" for size, kind in runs) + "$")


_SIZES = (
    "AD24 AE23 AL28 AT20 AZ28 BA20 BE16 BG22 BH22 BI27 BR29 BY28 CH21 CR22 CY24 CZ24 DE22 DJ27 "
    "DK18 DO28 EE20 EG29 ES24 FI18 FK18 FO18 FR27 GB22 GE22 GI23 GL18 GR27 GT28 HN28 HR21 HU28 "
    "IE22 IL23 IQ23 IS26 IT27 JO30 KW30 KZ20 LB28 LC32 LI21 LT20 LU20 LV21 LY25 MC27 MD24 ME22 "
    "MK19 MN20 MR27 MT31 MU30 NI28 NL18 NO15 OM23 PK24 PL28 PS29 PT25 QA29 RO24 RS22 RU33 SA24 "
    "SC31 SD18 SE24 SI19 SK24 SM27 SO23 ST25 SV28 TL23 TN24 TR26 UA29 VA22 VG24 XK20 YE30 "
)
_IBAN_SIZES = {pair[:2]: int(pair[2:]) for pair in _SIZES.split()}
IBAN_COUNTRIES = tuple(_IBAN_SIZES)
"""Registry of SWIFT, release 99."""

_CODES = (
    "1 7 20 27 30 31 32 33 34 36 39 40 41 43 44 45 46 47 48 49 51 52 53 54 55 56 57 58 60 61 62 "
    "63 64 65 66 81 82 84 86 90 91 92 93 94 95 98 211 212 213 216 218 220 221 222 223 224 225 "
    "226 227 228 229 230 231 232 233 234 235 236 237 238 239 240 241 242 243 244 245 246 247 "
    "248 249 250 251 252 253 254 255 256 257 258 260 261 262 263 264 265 266 267 268 269 290 "
    "291 297 298 299 350 351 352 353 354 355 356 357 358 359 370 371 372 373 374 375 376 377 "
    "378 380 381 382 383 385 386 387 389 420 421 423 500 501 502 503 504 505 506 507 508 509 "
    "590 591 592 593 594 595 596 597 598 599 670 672 673 674 675 676 677 678 679 680 681 682 "
    "683 685 686 687 688 689 690 691 692 850 852 853 855 856 880 886 960 961 962 963 964 965 "
    "966 967 968 970 971 972 973 974 975 976 977 992 993 994 995 996 998 "
)
_CALLING_CODES = frozenset(_CODES.split())
"""Country codes of ITU-T E.164."""


_NO_DIGIT = bytes(byte for byte in range(256) if not 48 <= byte <= 57)


def _digits(value: bytes) -> str:
    return value.translate(None, _NO_DIGIT).decode()


def international_phone(text: bytes, start: int, end: int) -> Sequence[Span]:
    """A known calling code, 8 to 15 digits, not one digit over and over."""
    digits = _digits(text[start:end])
    if not MIN_PHONE_DIGITS <= len(digits) <= MAX_PHONE_DIGITS or len(set(digits)) < 3:
        return ()
    known = any(digits[:size] in _CALLING_CODES for size in (1, 2, 3))
    return ((start, end),) if known else ()


def phone(text: bytes, start: int, end: int) -> Sequence[Span]:
    """A number after a word such as `phone`: 7 to 15 digits, not a date or a time."""
    value = text[start:end]
    digits = _digits(value)
    if not 7 <= len(digits) <= MAX_PHONE_DIGITS or len(set(digits)) < 3:
        return ()
    if re.match(rb"(?:19|20)[0-9]{2}-[01][0-9]-[0-3][0-9]", value) or text[end : end + 1] == b":":
        return ()
    if _GOES_ON.match(text, end):
        return ()
    return ((start, end),)


def jwt(text: bytes, start: int, end: int) -> Sequence[Span]:
    """The first part decodes to a JSON object, which is what tells a JWT from other base64."""
    header = text[start:end].split(b".", 1)[0]
    try:
        named = msgspec.json.decode(base64.urlsafe_b64decode(header + b"=" * (-len(header) % 4)))
    except (binascii.Error, msgspec.DecodeError, ValueError):
        return ()
    return ((start, end),) if isinstance(named, dict) else ()


def basic(text: bytes, start: int, end: int) -> Sequence[Span]:
    """Base64 of `user:password` (RFC 7617); `basic authentication` is not."""
    value = text[start:end]
    try:
        decoded = base64.b64decode(value + b"=" * (-len(value) % 4), validate=True)
    except (binascii.Error, ValueError):
        return ()
    return ((start, end),) if b":" in decoded else ()


def bearer(text: bytes, start: int, end: int) -> Sequence[Span]:
    """A digit, a mark of mixed case or a length no English word has."""
    value = text[start:end].rstrip(b".")
    if not value.strip(MARKED):
        return ()
    if len(value) < 24 and _DIGIT_GROUP.search(value) is None:
        mixed = not (value.islower() or value.isupper() or value.istitle())
        if not mixed:
            return ()
    return ((start, start + len(value)),)


def mixed(text: bytes, start: int, end: int) -> Sequence[Span]:
    """A letter and a digit: what a generated token has and a plain name has not."""
    value = text[start:end]
    if re.search(rb"[0-9]", value) and re.search(rb"[A-Za-z]", value) and len(set(value)) >= 6:
        return ((start, end),)
    return ()


def address(text: bytes, start: int, end: int) -> Sequence[Span]:
    try:
        ipaddress.ip_address(text[start:end].decode("ascii"))
    except ValueError:
        return ()
    return ((start, end),)
