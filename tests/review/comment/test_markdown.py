"""What a stranger writes stays text: parsed as Markdown again, it is one paragraph of the very same letters."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from review.comment.markdown import BREAK, clean_line, escape, quote_code, write_table

PARSER = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
HOSTILE = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<!-- lathe-gate -->",
    "</details></td></table>",
    "[click](https://evil.test)",
    "![pixel](https://evil.test/p.png)",
    "[a][b]",
    "https://evil.test/x",
    "www.evil.test",
    "WWW.evil.test",
    "ftp://evil.test",
    "mailto:boss@lathe.test",
    "@everyone and @lathe-ml/admins",
    "me@lathe.test",
    "closes #1, GH-2, lathe-ml/lathe#3",
    "**bold** _italic_ ~~gone~~ `code`",
    "`` ` ``",
    "a | b | c",
    "\\| \\\\| \\`",
    "# title\n- item\n> quote\n\n---\n```\ncode",
    "&lt;b&gt; &#64;admin &copy;",
    "$\\sqrt{x}$",
    "\u202egnp.exe\u2066 \u200b@admin",
    "\x00\x1b[31mred\r\n::set-output name=x::y",
    "x" * 5000,
]


def read_text(markdown: str) -> str:
    """The text of a Markdown line; anything but one plain paragraph is a failure."""
    tokens = PARSER.parse(markdown)
    assert [token.type for token in tokens] == ["paragraph_open", "inline", "paragraph_close"]
    kinds = {child.type for child in tokens[1].children or ()}
    assert kinds <= {"text", "text_special"}, kinds
    return "".join(child.content for child in tokens[1].children or ())


def check_text(value: str) -> None:
    shown = read_text(f"Value: {escape(value)}.")
    assert shown.replace(BREAK, "") == f"Value: {clean_line(value)}.".replace(BREAK, "")
    assert not re.search(r"[@#]\w|://|www\.|GH-\d|mailto:\w", shown, re.IGNORECASE)


@pytest.mark.parametrize("value", HOSTILE)
def test_hostile_text_stays_text(value: str) -> None:
    check_text(value)


@given(st.text(alphabet=st.sampled_from(list("\\`*_[]()<>#|~$&!@:/.-+= \nawGH-1w")), max_size=60))
def test_any_mixture_of_signs_stays_text(value: str) -> None:
    check_text(value)


@pytest.mark.parametrize("value", HOSTILE)
def test_a_table_keeps_its_cells(value: str) -> None:
    tokens = PARSER.parse(write_table(["a", "b"], [[escape(value), quote_code(value) or "none"], ["1", "2"]]))
    assert sum(token.type == "td_open" for token in tokens) == 4
    kinds = {child.type for token in tokens for child in token.children or ()}
    assert kinds <= {"text", "text_special", "code_inline"}


@pytest.mark.parametrize("raw", ["<b>x</b>", "[a](https://evil.test)", "**x**", "`x`", "<https://evil.test>"])
def test_without_the_escape_it_would_not(raw: str) -> None:
    with pytest.raises(AssertionError):
        read_text(f"Value: {raw}.")


@pytest.mark.parametrize("raw", ["@admin", "#1", "https://evil.test", "www.evil.test"])
def test_without_the_escape_github_would_link_it(raw: str) -> None:
    assert re.search(r"[@#]\w|://|www\.", read_text(f"Value: {raw}."))


def test_long_text_is_cut() -> None:
    assert len(clean_line("x" * 5000, 80)) == 80
    assert clean_line("x" * 5000, 80).endswith("…")


def test_code_cannot_be_left() -> None:
    assert quote_code("make `x` | y\n`") == "`make x y`"
    assert quote_code("`") == ""
