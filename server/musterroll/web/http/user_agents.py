"""A browser in a few words, so that users recognise their sessions."""

# The first match counts: browsers also name those they are compatible with.
_BROWSERS = {
    **{"Edg": "Edge", "OPR/": "Opera", "SamsungBrowser": "Samsung Internet", "Firefox/": "Firefox", "FxiOS": "Firefox"},
    **{"CriOS": "Chrome", "Chrome/": "Chrome", "Safari/": "Safari", "curl/": "curl"},
}
_SYSTEMS = {
    **{"iPhone": "iPhone", "iPad": "iPad", "Android": "Android", "Windows": "Windows", "Mac OS X": "macOS", "CrOS": "ChromeOS"},
    **{"Linux": "Linux"},
}


def browser_name(user_agent: str) -> str:
    """The browser and system that a User-Agent header names.

    >>> browser_name("Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"), browser_name("")
    ('Firefox on Linux', 'unknown browser')
    """
    browser, system = _first_match(_BROWSERS, user_agent), _first_match(_SYSTEMS, user_agent)
    if not browser:
        return user_agent[:80] if user_agent.isprintable() and user_agent else "unknown browser"
    return f"{browser} on {system}" if system else browser


def _first_match(marks: dict[str, str], text: str) -> str:
    return next((word for mark, word in marks.items() if mark in text), "")
