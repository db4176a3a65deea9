"""Cutting a text into tokens: addresses, paths, codes, numbers, quotations and words, where they stand."""

from __future__ import annotations

import re
from collections.abc import Iterator

import msgspec

_WORD = re.compile(r"[^\W\d_]+(?:['\u2019.-][^\W\d_]+)*")
_PATTERN = re.compile(
    r"""
    # A word that the end of the text, a sentence or a space follows is nothing else: most are told by that.
    [A-Za-z]++(?=[.,;:!?)]*+(?:\s|\Z))
    | (?P<url>(?:(?:https?|ftp|rediss?|unix)://|www\.)[^\s<>"'`)\]}]*[^\s<>"'`)\]}.,;:!?])
    | (?P<email>(?<![\w.+-])[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,8})
    | (?P<quote>“[^”\n]{1,80}” | «[^»\n]{1,80}» | 《[^》\n]{1,80}》 | 「[^」\n]{1,80}」 | 『[^』\n]{1,80}』
        | „[^“”\n]{1,80}[“”] | (?<!\w)"[^"\n]{1,80}"(?!\w) | `[^`\n]{1,120}`)
    | (?P<path>(?<![\w/])(?:~|\.{1,2}|[A-Za-z]:)?(?:[\\/][\w.@+%-]+){2,}[\\/]?
        | (?<![\w/])\.{0,2}/[\w.@+%-]+\.\w{1,8}\b
        | (?<![\w/.@-])(?:[\w.@+-]+/)+[\w@+-]+\.[A-Za-z]\w{0,7}\b
        | (?<![\w/.@-])[A-Za-z_][\w-]*\.[a-z][a-z0-9]{0,4}(?![\w.]))
    | (?P<date>\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}(?::\d{2})?(?:\.\d+)?(?:Z|[+-]\d{2}:?\d{2})?)?
        | (?<![\d.,/-])\d{1,2}(?P<between>[./-])\d{1,2}(?P=between)(?:\d{4}|\d{2})(?![\d/-]))
    | (?P<phone>(?<![\w:])\+\d{1,3}(?:[ .-]?\(?\d{1,5}\)?){2,6}
        | \(\d{2,5}\)[ .-]?\d{2,5}(?:[ .-]\d{2,5}){0,3}
        | (?<![\w.,:-])\d{1,5}(?:[- ]\d{2,5}){2,5}(?![\w:-]))
    | (?P<han>(?:[上下]午|[早晚]上|中午|凌晨)?(?:(?:\d+(?:[.,:]\d+)*|[一二三四五六七八九十百千万两零〇]+)
        (?:[年月日号點点时時分秒元块圆人个個张張位天周岁歲米斤次间間]|小时|分钟|公里|美元|欧元|万|亿)+)+半?)
    | (?P<number>[$€£¥₹]\ ?\d+(?:[.,'\u2019]\d+)* (?:\ ?(?:k|m|bn|million|billion)\b)?
        | [+-]?\d+(?:[.,:'\u2019]\d+)*(?:\ ?[%°€£¥₹]
            |(?:st|nd|rd|th|er|re|ème|º|ª|am|pm|h|km|kg|kB|MB|GB|ms|s|m|x)\b)?)
        (?![\w-]{0,40}\w)
    | (?P<code>\#?(?=[A-Za-z0-9])(?=[\w-]{0,40}\d)\w+(?:[-_]\w+)* | [A-Za-z]\w*(?:_\w+)+ | \#\d+)
    | (?P<word>"""
    + _WORD.pattern
    + r""")
    """,
    re.VERBOSE,
)
_BREAK = re.compile(r"[.!?…。！？:;\n|•*(–—]|(?:^|\s)[-*]\s*$")  # noqa: RUF001


class Token(msgspec.Struct, frozen=True):
    """A piece of a text: what it is (the names of the pattern above), and where."""

    kind: str
    text: str
    start: int
    end: int
    gap: str
    initial: bool

    @property
    def capital(self) -> bool:
        return self.kind == "word" and self.text[0].isupper()


def tokens(text: str) -> Iterator[Token]:
    """Cut `text`. `gap` is what stands before a token, `initial` whether a sentence begins with it."""
    end = 0
    for match in _PATTERN.finditer(text):
        gap = text[end : match.start()]
        initial = end == 0 or (gap != " " and _BREAK.search(gap) is not None)
        yield Token(match.lastgroup or "word", match.group(), match.start(), match.end(), gap, initial)
        end = match.end()


def words(text: str) -> list[str]:
    """Give all words of `text`, in small letters: also those of quotations and addresses."""
    return _WORD.findall(text.lower())
