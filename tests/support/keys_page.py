"""docs/keys.md, from the key table.

PYTHONPATH=sink:viewer:tests python -m support.keys_page
"""

from pathlib import Path

from ttview import keys
from ttview.prompting import VERB_HELP

PAGE = Path(__file__).resolve().parents[2] / "docs" / "keys.md"

HEAD = """# Keys of the screen

This page is made from the table the program binds its keys from (`make screens`).
`?` shows the same on the screen.
A key of several letters is pressed in turn: `]w` is `]`, then `w`.
`^X` is Ctrl and X together.

Keys can be bound anew in the configuration: `keys.ACTION = ["KEY", ...]`.
The last column has the names of the actions.
"""


def page() -> str:
    lines = [HEAD]
    for title, section in keys.SECTIONS:
        lines += [f"## {title}", "", "| key | what it does | where | action |", "|---|---|---|---|"]
        for key in section:
            pressed = " ".join(f"`{one}`" for one in key.keys)
            where = "everywhere" if key.where == keys.ANYWHERE else ", ".join(key.where)
            lines.append(
                f"| {pressed} | {key.help} | {where} | `{key.action}` |".replace("||", "|")
            )
        lines.append("")
    lines += ["## Commands after `:`", "", "| command | what it does |", "|---|---|"]
    lines += [f"| `{name}` | {told} |" for name, told in VERB_HELP.items()]
    return "\n".join([*lines, ""])


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
