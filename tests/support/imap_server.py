"""A local IMAP4rev1 server with one mailbox: as much of RFC 3501 as reading mails takes."""

import re
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import compat32

_WORD = re.compile(r'"((?:[^"\\]|\\.)*)"|(\((?:[^()]|\([^()]*\))*\)|[^\s"]+)')


class ImapServer:
    """`mails` by UID, as bytes. `flags`: what was set on them: reading without PEEK marks a mail as seen, as real servers do."""

    user, password = "reports", "imap-pw"

    def __init__(self) -> None:
        self.mails: dict[int, bytes] = {}
        self.flags: dict[int, set[str]] = {}
        self.commands: list[str] = []
        self.validity = 1
        outer = self

        class Handler(socketserver.StreamRequestHandler):
            def handle(self) -> None:
                self.wfile.write(b"* OK [CAPABILITY IMAP4rev1] ready\r\n")
                session = _Session(outer)
                while (line := self.rfile.readline()) and not session.over:
                    self.wfile.write(session.answer(line.decode().rstrip("\r\n")))
                    if session.over:
                        return

        self._server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.port = int(self._server.server_address[1])
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)

    def deliver(self, mail: EmailMessage | bytes) -> int:
        uid = max(self.mails, default=0) + 1
        self.mails[uid] = mail if isinstance(mail, bytes) else mail.as_bytes(policy=mail.policy.clone(linesep="\r\n"))
        self.flags[uid] = set()
        return uid

    @contextmanager
    def running(self) -> Iterator["ImapServer"]:
        self._thread.start()
        try:
            yield self
        finally:
            self._server.shutdown()
            self._server.server_close()
            self._thread.join()


class _Session:
    def __init__(self, server: ImapServer) -> None:
        self._server, self.over = server, False
        self._user, self._selected, self._read_only = "", False, False

    def answer(self, line: str) -> bytes:
        tag, *words = [quoted or word for quoted, word in _WORD.findall(line)]
        name = words[0].upper() if words else ""
        name, words = (f"UID {words[1].upper()}", words[2:]) if name == "UID" and len(words) > 1 else (name, words[1:])
        self._server.commands.append(name)
        commands = {"CAPABILITY": self._capability, "LOGIN": self._login, "SELECT": self._select, "EXAMINE": self._examine}
        commands |= {"UID SEARCH": self._search, "UID FETCH": self._fetch, "LOGOUT": self._logout}
        if name not in commands:
            return f"{tag} BAD unknown command\r\n".encode()
        if name.startswith("UID") and not self._selected:
            return f"{tag} BAD no mailbox is selected\r\n".encode()
        lines, status = commands[name](words)
        return b"".join(b"* " + line + b"\r\n" for line in lines) + f"{tag} {status}\r\n".encode()

    def _capability(self, _words: list[str]) -> tuple[list[bytes], str]:
        return [b"CAPABILITY IMAP4rev1"], "OK done"

    def _login(self, words: list[str]) -> tuple[list[bytes], str]:
        if words != [self._server.user, self._server.password]:
            return [], "NO [AUTHENTICATIONFAILED] invalid credentials"
        self._user = words[0]
        return [], "OK logged in"

    def _examine(self, words: list[str]) -> tuple[list[bytes], str]:
        self._read_only = True
        return self._select(words)

    def _select(self, words: list[str]) -> tuple[list[bytes], str]:
        if not self._user or words[0].upper() != "INBOX":
            return [], "NO there is no such mailbox"
        self._selected = True
        mails = self._server.mails
        facts = [f"{len(mails)} EXISTS", "0 RECENT", "FLAGS (\\Seen \\Deleted)", f"OK [UIDVALIDITY {self._server.validity}] valid"]
        facts.append(f"OK [UIDNEXT {max(mails, default=0) + 1}] next")
        return [fact.encode() for fact in facts], f"OK [{'READ-ONLY' if self._read_only else 'READ-WRITE'}] selected"

    def _search(self, words: list[str]) -> tuple[list[bytes], str]:
        chosen = list(self._server.mails)
        while words:
            key, value, *words = words
            if key.upper() == "UID":
                first = min(int(value.removesuffix(":*")), max(chosen, default=1))  # n:* is the last mail where n is beyond it
                chosen = [uid for uid in chosen if uid >= first]
            else:
                chosen = [uid for uid in chosen if value.lower() in self._header(uid, key).lower()]
        return [" ".join(["SEARCH", *map(str, chosen)]).encode()], "OK done"

    def _fetch(self, words: list[str]) -> tuple[list[bytes], str]:
        uid, what = int(words[0]), words[1]
        mail = self._server.mails.get(uid)
        if mail is None:
            return [], "OK done"
        size = f" RFC822.SIZE {len(mail)}" if "RFC822.SIZE" in what else ""
        if "HEADER.FIELDS" in what:
            name, content = "BODY[HEADER.FIELDS (FROM)]", f"{self._header(uid, 'From')}\r\n\r\n".encode()
        else:
            name, content = "BODY[]", mail
        if "PEEK" not in what and not self._read_only:
            self._server.flags[uid].add("\\Seen")
        place = list(self._server.mails).index(uid) + 1
        return [f"{place} FETCH (UID {uid}{size} {name} {{{len(content)}}}\r\n".encode() + content + b")"], "OK done"

    def _logout(self, _words: list[str]) -> tuple[list[bytes], str]:
        self.over = True
        return [b"BYE see you"], "OK done"

    def _header(self, uid: int, name: str) -> str:
        """Every line of this header."""
        values = message_from_bytes(self._server.mails[uid], policy=compat32).get_all(name, [])
        return "\r\n".join(f"{name}: {value}" for value in values)
