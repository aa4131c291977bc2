"""Other forms of English words, by the rules of spelling."""

import re

VOWELS = "aeiou"
IRREGULAR = {"good": ("better", "best"), "bad": ("worse", "worst")}


def other_number(word: str) -> list[str]:
    """The plural of a singular, and the singular of a plural."""
    if word.endswith("ies"):
        return [word[:-3] + "y"]
    if word.endswith(("ches", "shes", "xes", "sses", "uses")):
        return [word[:-2]]
    if word.endswith("s") and not word.endswith(("ss", "us")):
        return [word[:-1]]
    if word.endswith("y") and word[-2:-1] not in tuple(VOWELS):
        return [word[:-1] + "ies"]
    return [word + ("es" if word.endswith(("s", "x", "ch", "sh")) else "s")]


def is_plural(word: str) -> bool:
    """Whether a name of a table stands for several rows."""
    return word.lower().endswith("s") and not word.lower().endswith(("ss", "us", "is", "as"))


def degrees(adjective: str) -> tuple[str, str]:
    """The comparative and the superlative: heavier and heaviest, more and most expensive."""
    if adjective in IRREGULAR:
        return IRREGULAR[adjective]
    syllables = len(re.findall(r"[aeiouy]+", adjective.removesuffix("e")))
    ends_in_y = adjective.endswith("y") and adjective[-2:-1] not in tuple(VOWELS)
    if syllables > 1 + ends_in_y or " " in adjective:
        return f"more {adjective}", f"most {adjective}"
    if ends_in_y:
        stem = adjective[:-1] + "i"
    elif re.search(rf"[^{VOWELS}][{VOWELS}][^{VOWELS}wxy]$", adjective):
        stem = adjective + adjective[-1]
    else:
        stem = adjective.removesuffix("e")
    return f"{stem}er", f"{stem}est"
