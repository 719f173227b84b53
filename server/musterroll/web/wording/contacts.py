"""Words of pages about contacts, and of pages for people without an account, in their language."""

from flask import Flask, Request

from musterroll.domain.contacts.reminders import ReminderKind, ReminderState

LANGUAGES = ("en", "de")
REMINDERS = {ReminderKind.RENEWAL: "Renewal", ReminderKind.WARRANTY: "Warranty end", ReminderKind.LIMIT: "Contract limit"}
STATES = {
    ReminderState.WAITING: "Waiting",
    ReminderState.RELEASED: "Released",
    ReminderState.DISMISSED: "Dismissed",
    ReminderState.LAPSED: "Lapsed",
}


def language_of(request: Request) -> str:
    """The language of those there are that the visitor's browser asks for."""
    return request.accept_languages.best_match(LANGUAGES, "en") or "en"


def install(app: Flask) -> None:
    app.jinja_env.globals["reminder_kinds"] = REMINDERS
    app.jinja_env.globals["reminder_states"] = STATES
