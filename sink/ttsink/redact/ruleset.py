"""The rules in force, compiled: one pattern for a batch, one set for a text, one each to cut."""

import difflib
from collections.abc import Callable, Sequence
from typing import NamedTuple

import re2
from stdnum import luhn, verhoeff
from stdnum.iso7064 import mod_11_2, mod_97_10

from ttsink.redact.check import iban, valid
from ttsink.redact.credential import CREDENTIAL_RULES
from ttsink.redact.name import KIND_OF_NAMED_FIELD
from ttsink.redact.number import IP_RULES, NUMBER_RULES
from ttsink.redact.pattern import NOWHERE, Search, matches, search
from ttsink.redact.rule import MARKED, SCAN_MAX_MEM_BYTES, Accept, Rule, Span, any_of, options
from ttsink.redact.secret import SECRET_RULES
from ttsink.redact.settings import MAX_DIGITS, MAX_OWN_RULES, MIN_DIGITS, OwnRule, RedactionSettings
from ttsink.redact.view import COLOUR_ENCODED, COLOUR_SCAN

BUILT_IN: tuple[Rule, ...] = (*SECRET_RULES, *CREDENTIAL_RULES, *NUMBER_RULES, *IP_RULES)
OFF_BY_DEFAULT = frozenset({"ipv4", "ipv6"})
"""Logs need addresses; who must not keep them turns these on."""
KINDS = tuple(dict.fromkeys([*(rule.kind for rule in BUILT_IN), KIND_OF_NAMED_FIELD]))
NUMBER_KINDS = frozenset(rule.kind for rule in BUILT_IN if rule.number)

_ENCODED = (
    rb"%(?:25){0,4}(?:40|2[dDeEbB]3|3[0-9]|4[1-9a-fA-F]|5[0-9aAfF]|6[1-9a-fA-F]|7[0-9aA])"
    rb"|\\\\+u00(?:2[bBdDeE]|3[0-9aA]|4[0-9a-fA-F]|5[0-9aA]|6[0-9a-fA-F]|7[0-9aA])"
)
"""Letters, digits or `@` that somebody encoded though nothing made them: worth a closer look.

What encoders write by themselves (`%20`, `%2F`, `\\u003c`, letters outside ASCII) is not here,
or every URL and every line of Go's encoder would be decoded.
"""

_CHECKSUMS: dict[str, Accept] = {
    "luhn": valid(lambda text: luhn.is_valid("".join(filter(str.isdigit, text)))),
    "verhoeff": valid(lambda text: verhoeff.is_valid("".join(filter(str.isdigit, text)))),
    "iban": iban,
    "mod_11_2": valid(lambda text: mod_11_2.is_valid("".join(filter(str.isalnum, text)))),
    "mod_97_10": valid(lambda text: mod_97_10.is_valid("".join(filter(str.isalnum, text)))),
}
MANY_RULES = 4
"""So many rules with one scan are asked all at once which of them match."""
_GO_ON = frozenset({b",", b";", b"&"})
"""What some rules take for a part of a value where no other pair follows it."""
MAX_REFUSED_BYTES = 256
"""A longer candidate that was refused is not looked into again."""


class RedactionSettingsError(ValueError):
    """A setting of redaction that cannot be used; says which, and what would be right."""


Found = tuple[int, int, int, str, bytes]
"""One value in a text: its bounds there, what breaks ties between rules, kind and value.

Made for every value, so a plain tuple.
"""


class _Compiled(NamedTuple):
    rule: Rule
    search: Search
    order: int


def _utf8_options() -> re2.Options:
    made = re2.Options()
    made.log_errors = False
    made.max_mem = SCAN_MAX_MEM_BYTES
    return made


def _own(rule: OwnRule) -> tuple[Rule, bytes]:
    """The rule, and what is looked for in encoded lines; removing an anchor only loosens."""
    if not rule.name.replace("_", "").isalnum() or not rule.name.islower():
        raise RedactionSettingsError(
            f"redaction rule {rule.name!r}: a name is lower-case letters, digits and underscores"
        )
    pattern = rule.pattern.encode()
    try:
        groups = re2.compile(pattern, _utf8_options()).groups
    except re2.error as error:
        raise RedactionSettingsError(
            f"redaction rule {rule.name}: not an RE2 pattern: {error}"
        ) from None
    if re2.compile(pattern, _utf8_options()).fullmatch(b"") is not None:
        raise RedactionSettingsError(
            f"redaction rule {rule.name}: the pattern matches nothing at all"
        )
    if rule.keywords:
        scan = b"(?i:" + b"|".join(re2.escape(word.encode()) for word in rule.keywords) + b")"
    else:
        scan = pattern
        for anchor in (rb"\b", rb"\A", rb"\z"):
            scan = scan.replace(anchor, b"")
        scan = scan.removeprefix(b"^").removesuffix(b"$").replace(b'"', rb'\\*"')
    find = pattern if groups else b"(" + pattern + b")"
    return Rule(rule.name, scan, find, _CHECKSUMS.get(rule.checksum)), scan


class Ruleset:
    """What to look for, from the settings.

    Raises:
        RedactionSettingsError: an unknown rule, a pattern RE2 does not take, a bound overstepped.
    """

    def __init__(self, settings: RedactionSettings) -> None:
        if len(settings.rules) > MAX_OWN_RULES:
            raise RedactionSettingsError(
                f"{len(settings.rules)} redaction rules; at most {MAX_OWN_RULES} are taken"
            )
        if not MIN_DIGITS <= settings.digits <= MAX_DIGITS:
            raise RedactionSettingsError(
                f"redaction digits = {settings.digits}; {MIN_DIGITS} to {MAX_DIGITS} are taken"
            )
        own = [_own(rule) for rule in settings.rules]
        self.kinds = (*KINDS, *(rule.kind for rule, _ in own))
        unknown = sorted(set(settings.modes) - set(self.kinds))
        if unknown:
            near = difflib.get_close_matches(unknown[0], self.kinds, n=1)
            known = f"did you mean {near[0]!r}?" if near else f"known are: {', '.join(self.kinds)}"
            raise RedactionSettingsError(f"modes: unknown redaction rule {unknown[0]!r}; {known}")
        off = {kind for kind in OFF_BY_DEFAULT if kind not in settings.modes}
        off |= {kind for kind, mode in settings.modes.items() if mode == "off"}
        self.off = frozenset(off)
        rules = [rule for rule in BUILT_IN if rule.kind not in off]
        own = [one for one in own if one[0].kind not in off]

        self._allow = frozenset(value.encode().lower() for value in settings.allow)
        self._allow_patterns = [_allow_pattern(one) for one in settings.allow_patterns]
        self._allows_some = bool(self._allow or self._allow_patterns)
        # Rules by what makes a text worth their while: one pass tells which are to be tried.
        worth = re2.Set.SearchSet(options())
        self._tried: list[list[_Compiled]] = []
        places: dict[bytes, int] = {}
        for order, rule in enumerate(rules):
            if rule.scan not in places:
                places[rule.scan] = worth.Add(rule.scan)
                self._tried.append([])
            found = search(re2.compile(rule.find, options()))
            self._tried[places[rule.scan]].append(_Compiled(rule, found, order))
        worth.Compile()
        self._worth = matches(worth)
        self._which = [_which(tried) for tried in self._tried]
        self._own = [
            _Compiled(rule, search(re2.compile(rule.find, _utf8_options())), -1) for rule, _ in own
        ]
        scan = options()
        scan.never_capture = True
        named = [rb'"(?i:pass|pin|auth|cookies|ssn|secrets)\\*":']
        named += [b"(?i:" + re2.escape(name.encode()) + rb')\\*"[ ]?:' for name in settings.fields]
        self._scan = search(re2.compile(any_of([*places, *named, _ENCODED, COLOUR_SCAN]), scan))
        self._own_scan = (
            search(re2.compile(any_of(pattern for _, pattern in own), _utf8_options()))
            if own
            else None
        )

    def suspects(self, lines: bytes) -> set[int]:
        """Numbers of the lines (of JSON) that may hold something, from 0."""
        found = self._scanned(lines)
        if not found or (b"1b[" not in lines and b"033[" not in lines):
            return found
        # Colours stand right before values and hide them. Lines that hold any are scanned again
        # without: to look for colours in every batch took as long as to scan it.
        each = lines.split(b"\n")
        coloured = [number for number in sorted(found) if COLOUR_ENCODED.search(each[number])]
        plain = b"".join(COLOUR_ENCODED.sub(b"", each[number]) + b"\n" for number in coloured)
        return found.difference(coloured) | {coloured[at] for at in self._scanned(plain)}

    def _scanned(self, lines: bytes) -> set[int]:
        found = _matching_lines(self._scan, lines)
        if self._own_scan is not None:
            found |= _matching_lines(self._own_scan, lines)
        return found

    def find(self, text: bytes, *, numbers: bool = True) -> list[Found]:
        """Every value in a text that every rule in force accepts; they may overlap."""
        found: list[Found] = []
        for index in self._worth(text):
            tried, which = self._tried[index], self._which[index]
            for compiled in tried if which is None else [tried[at] for at in which(text)]:
                if numbers or not compiled.rule.number:
                    self._cut(text, compiled, found)
        for compiled in self._own:
            self._cut(text, compiled, found)
        return found

    def allows(self, value: bytes) -> bool:
        return self._allows_some and (
            value.lower() in self._allow
            or any(pattern.fullmatch(value) is not None for pattern in self._allow_patterns)
        )

    def _cut(self, text: bytes, compiled: _Compiled, found: list[Found]) -> None:
        rule, search, order = compiled
        kind, accept = rule.kind, rule.accept
        at, size = 0, len(text)
        while at < size:
            bounds = search(text, at, size)
            if bounds[0] == NOWHERE:
                return
            start, end = bounds[1]
            if start == end:
                at = max(bounds[0][1], at + 1)
                continue
            if end - start == 1 and text[start] == MARKED[0] and text[end : end + 1] not in _GO_ON:
                at = max(at, start, bounds[0][0] + 1)  # a mark, which no rule takes
                continue
            spans: Sequence[Span] = ((start, end),) if accept is None else accept(text, start, end)
            taken = False
            for first, last in spans:
                value = text[first:last]
                if value.strip(MARKED) and not (self._allows_some and self.allows(value)):
                    found.append((first, last, order, kind, value))
                    taken = True
                at = max(at, last)
            if not taken:
                # A refused number may hide a good one that starts inside it, a refused value
                # a name that has a value. A long one is skipped: looking into it from every
                # place would cost its length squared.
                inside = start + 1 if rule.number else start
                whole = rule.thorough or end - start > MAX_REFUSED_BYTES
                at = max(at, end if whole else inside, bounds[0][0] + 1)


def _which(tried: Sequence[_Compiled]) -> Callable[[bytes], Sequence[int]] | None:
    """Of many rules that share a scan, as all national ids after a word do, those that match."""
    if len(tried) < MANY_RULES:
        return None
    patterns = re2.Set.SearchSet(options())
    for compiled in tried:
        patterns.Add(compiled.rule.find)
    patterns.Compile()
    return matches(patterns)


def _allow_pattern(pattern: str) -> re2._Regexp:
    try:
        return re2.compile(pattern.encode(), _utf8_options())
    except re2.error as error:
        raise RedactionSettingsError(
            f"redaction allow_patterns: not an RE2 pattern: {error}"
        ) from None


def _matching_lines(search: Search, lines: bytes) -> set[int]:
    found: set[int] = set()
    at = counted = number = 0
    size = len(lines)
    while at < size:
        start, end = search(lines, at, size)[0]
        if end < 0:
            break
        # A match may begin with the newline before its line.
        last = max(end - 1, start)
        number += lines.count(b"\n", counted, last)
        found.add(number)
        after = lines.find(b"\n", last)
        if after < 0:
            break
        number += 1
        counted = at = after + 1
    return found
