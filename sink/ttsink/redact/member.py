"""The fields of a record, member by member: names, values, lists of both, whatever is in them."""

import re
from collections.abc import Sequence
from typing import Any, Final

from ttsink.redact.credential import SCHEME, SCHEMES
from ttsink.redact.cut import DROPPED, Cutter
from ttsink.redact.name import Names
from ttsink.redact.ruleset import Ruleset

MAX_DEPTH: Final = 128
"""Levels of nesting that are looked into; intake cuts records at half of it. What lies deeper
is replaced whole, as nobody has seen what it is."""
MAX_KEYS: Final = 2_048
"""Keys that are remembered for one batch; those of logs are few and come in every record."""
MIN_PAIRED_CHARS: Final = 6
"""A shorter text behind a secret's name in a list is not taken for the secret."""
TOO_DEEP: Final = "[too_deep]"

_SAYS_NOTHING = frozenset({b"", b"null", b"none", b"None", b"true", b"false", b"***", b"-"})
_NAME = re.compile(r"[A-Za-z_-]+[0-9]{0,3}")


class Members:
    """Takes values out of what the fields of one batch's records hold, with the batch's cutter.

    What was taken is told by appending its kind to the given list.
    """

    def __init__(
        self, cutter: Cutter, names: Names, rules: Ruleset, marks: re.Pattern[bytes]
    ) -> None:
        self._cutter = cutter
        self._text = cutter.text
        self._names = names
        self._rules = rules
        self._marks = marks
        self._keys: dict[str, tuple[str, Sequence[str], str | None]] = {}

    def clean(self, members: dict[str, Any], kinds: list[str]) -> dict[str, Any]:
        """The same object where nothing was found in any member."""
        return self._object(members, 0, kinds)

    def _key(self, key: str) -> tuple[str, Sequence[str], str | None]:
        """A key as it is shown, the kinds of what was in it, and that of what it is a name of."""
        kinds: list[str] = []
        name = self._text(key, "", kinds)
        known = (name if isinstance(name, str) else f"[{kinds[-1]}]"), kinds, self._named(key)
        if len(self._keys) < MAX_KEYS:
            self._keys[key] = known
        return known

    def _named(self, name: str) -> str | None:
        """A mark in a name is not the end of it: `[password:****]` says nothing of its value."""
        if "[" in name:
            name = self._marks.sub(b"0", name.encode("utf-8", "surrogatepass")).decode(
                "utf-8", "surrogatepass"
            )
        return self._names.kind(name)

    def _object(
        self, members: dict[str, Any], depth: int, kinds: list[str], kind: str | None = None
    ) -> dict[str, Any]:
        """`kind` is given where a name above says that everything here is a secret.

        Environments and headers are often lists of `{"name": ..., "value": ...}`.
        """
        clean: dict[str, Any] = {}
        changed = False
        spoken = members.get("name", members.get("key"))
        of_value = self._named(spoken) if isinstance(spoken, str) else None
        for key, value in members.items():
            shown, found, named = self._keys.get(key) or self._key(key)
            kinds += found
            named = named or kind or (of_value if key == "value" else None)
            if named is None:
                held = self._value(value, key, depth, kinds)
            else:
                held = self._whole(value, key, named, depth, kinds)
            if held is DROPPED:
                changed = True
                continue
            while shown in clean:
                shown += "'"  # two keys with one mark: both members stay
            changed = changed or held is not value or bool(found)
            clean[shown] = held
        return clean if changed else members

    def _value(self, value: Any, key: str, depth: int, kinds: list[str]) -> Any:
        if isinstance(value, str):
            return self._text(value, key, kinds)
        if isinstance(value, dict):
            if depth >= MAX_DEPTH:
                return TOO_DEEP
            return self._object(value, depth + 1, kinds)
        if isinstance(value, list | tuple):
            if depth >= MAX_DEPTH:
                return TOO_DEEP
            items = self._items(value, key, depth, kinds)
            changed = any(a is not b for a, b in zip(items, value, strict=True))
            return [item for item in items if item is not DROPPED] if changed else value
        if isinstance(value, int | float) and not isinstance(value, bool):
            written = str(value)
            shown = self._text(written, key, kinds)
            return value if shown is written else shown
        return value

    def _items(self, items: Sequence[Any], key: str, depth: int, kinds: list[str]) -> list[Any]:
        """An argument after `--password` is one, and a header's value after its name."""
        clean = []
        kind = None
        paired = len(items) % 2 == 0 and all(isinstance(item, str) for item in items)
        for place, item in enumerate(items):
            if kind is not None and isinstance(item, str) and not item.startswith("-"):
                clean.append(self._whole(item, key, kind, depth + 1, kinds))
            else:
                clean.append(self._value(item, key, depth + 1, kinds))
            named = isinstance(item, str) and item.startswith("--") and "=" not in item
            if paired and place % 2 == 0 and not named:
                named = _is_secret(items[place + 1])
            kind = self._named(item) if named else None
        return clean

    def _whole(self, value: Any, key: str, kind: str, depth: int, kinds: list[str]) -> Any:
        """A value under a name such as `password`: marked whole, except what says nothing."""
        if isinstance(value, dict) and depth < MAX_DEPTH:
            return self._object(value, depth + 1, kinds, kind)
        if isinstance(value, list | tuple) and depth < MAX_DEPTH:
            each = [self._whole(v, key, kind, depth + 1, kinds) for v in value]
            return [item for item in each if item is not DROPPED]
        if value is None or isinstance(value, bool) or value == "":
            return value
        written = value if isinstance(value, str) else str(value)
        source = written.encode("utf-8", "surrogatepass")
        rest = self._marks.sub(b"", source).strip()
        if rest in _SAYS_NOTHING or self._rules.allows(source):
            return value
        if rest != source.strip() and rest.lower() in SCHEMES:
            return value
        kinds.append(kind)
        if self._cutter.drops(kind):
            return DROPPED
        scheme = SCHEME.match(source)
        head = scheme.end() if scheme and scheme.end() < len(source) else 0
        return (source[:head] + self._cutter.mark(kind, source[head:])).decode()


def _is_secret(value: str) -> bool:
    """Whether this can be a header's value: lists of names stand in logs too."""
    return len(value) >= MIN_PAIRED_CHARS and _NAME.fullmatch(value) is None
