"""The door out: messages of the outbox are sent by e-mail and webhook. It owns the sockets and, while sending, the clock."""

from musterroll.channels.sender import Post

__all__ = ["Post"]
