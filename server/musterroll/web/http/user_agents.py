"""A browser in a few words, so that people recognise theirs in a list of sessions."""

# The first mark found counts: every browser also names those it wants to pass for.
_BROWSERS = {
    **{"Edg": "Edge", "OPR/": "Opera", "SamsungBrowser": "Samsung Internet", "Firefox/": "Firefox", "FxiOS": "Firefox"},
    **{"CriOS": "Chrome", "Chrome/": "Chrome", "Safari/": "Safari", "curl/": "curl"},
}
_SYSTEMS = {
    **{"iPhone": "iPhone", "iPad": "iPad", "Android": "Android", "Windows": "Windows", "Mac OS X": "macOS", "CrOS": "ChromeOS"},
    **{"Linux": "Linux"},
}


def named(user_agent: str) -> str:
    """
    >>> named("Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"), named("")
    ('Firefox on Linux', 'unknown browser')
    """
    browser, system = _first(_BROWSERS, user_agent), _first(_SYSTEMS, user_agent)
    if not browser:
        return user_agent[:80] if user_agent.isprintable() and user_agent else "unknown browser"
    return f"{browser} on {system}" if system else browser


def _first(marks: dict[str, str], text: str) -> str:
    return next((word for mark, word in marks.items() if mark in text), "")
