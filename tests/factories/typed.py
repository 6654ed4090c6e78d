"""Ways in which a number arrives: pasted from a chat, a PDF, Word, Excel, a keyboard of another script."""

import random

SPACES = ("\u00a0", "\u2002", "\u2007", "\u2009", "\u202f", "\u3000", "\t", "\r\n", "  ")
DASHES = ("-", "\u2010", "\u2011", "\u2012", "\u2013", "\u2014", "\u2015", "\u2212", "\ufe63", "\uff0d", "/", ".")
INVISIBLE = (
    *("\u200b", "\u200c", "\u200d", "\u200e", "\u200f", "\u202a", "\u202b", "\u202c", "\u202d", "\u202e", "\u2060"),
    *("\u2066", "\u2067", "\u2068", "\u2069", "\ufeff", "\u00ad", "\u061c", "\u180e", "\ufe0f", "\u3164"),
)
#: The zero of a script; its other nine follow.
ZEROS = "0٠۰߀०০੦૦୦௦౦೦൦๐໐༠၀០᠐᥆᧐᭐０𝟎𝟘𞥐"
BEFORE = (
    *("", "BVN: ", "bvn ", "BVN:", "BVN", "NIN ", "NIN: ", "NIN-", "BVN No. ", "BVN number: ", "ID: ", "ID number = "),
    *("#", "№ ", "'", '="', "(", "[", "<", "“", "Phone: ", "Tel. ", "V-NIN: ", "Bank Verification Number: ", "*"),
    *("رقم: ", "Numéro : ", "Nambari: ", "\u202d", "\ufeff", " \u00a0 ", "- ", "• ", "ID No: "),
)
AFTER = (
    "",
    ",",
    ".",
    ";",
    ":",
    "!",
    "?",
    "'",
    '"',
    ")",
    "]",
    ">",
    "”",
    "،",
    "。",
    "\u202c",
    "\u200b",
    " \u00a0",
    "…",
    "-",
    "/",
)


def in_script(number: str, zero: str) -> str:
    return "".join(chr(ord(zero) + int(sign)) if sign.isdigit() else sign for sign in number)


def wrappings(number: str, count: int = 500) -> list[str]:
    """Each of the above once by itself, then any of them together; the same at every run."""
    alone = [in_script(number, zero) for zero in ZEROS]
    alone += [sign.join((number[:3], number[3:6], number[6:])) for sign in (*SPACES, *DASHES, *INVISIBLE)]
    alone += [before + number for before in BEFORE] + [number + after for after in AFTER]
    chance = random.Random(17)
    while len(alone) < count:
        sign = chance.choice((*SPACES, *DASHES, "", ""))
        parts = sign.join((number[:3], number[3:6], number[6:]))
        spelled = "".join(
            each + chance.choice(("", "", "", *INVISIBLE)) for each in in_script(parts, chance.choice(ZEROS))
        )
        # With nothing between, a word of letters might be part of the number: only "BVN" and its like are known.
        before = chance.choice([each for each in BEFORE if each != "BVN" or spelled.isascii()])
        alone.append(before + spelled + chance.choice(AFTER))
    return alone
