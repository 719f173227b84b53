"""Words of pages about contacts, and of pages for people without an account, in their language."""

from datetime import date

from flask import Flask, Request

from musterroll.domain.contacts.reminders import ReminderKind, ReminderState
from musterroll.domain.contacts.wording import written

LANGUAGES = ("en", "de")
REMINDERS = {ReminderKind.RENEWAL: "Renewal", ReminderKind.WARRANTY: "Warranty end", ReminderKind.LIMIT: "Contract limit"}
STATES = {
    ReminderState.WAITING: "Waiting",
    ReminderState.RELEASED: "Released",
    ReminderState.DISMISSED: "Dismissed",
    ReminderState.LAPSED: "Lapsed",
}
VISITOR_WORDS = {
    "en": {
        **{"title": "This device", "bad": "This link is not valid, or no longer.", "serial": "Serial number", "account": "Customer"},
        **{"site": "Site", "covered": "Covered until", "not_covered": "not covered", "covered_yes": "covered", "help": "Help"},
        **{"report": "Report a fault", "what": "What is wrong?", "send": "Report", "no_person": "Please do not write names or addresses."},
        **{"reported": "Thank you. The fault has been reported.", "too_many": "Too many requests; please try again later."},
        **{"reported_already": "Faults of this device have been reported and are being looked at."},
        **{"bad_report": "Please describe the fault in 3 to 120 characters."},
    },
    "de": {
        **{
            "title": "Dieses Gerät",
            "bad": "Dieser Link ist ungültig oder nicht mehr gültig.",
            "serial": "Seriennummer",
            "account": "Kunde",
        },
        **{"site": "Standort", "covered": "Abgedeckt bis", "not_covered": "nicht abgedeckt", "covered_yes": "abgedeckt", "help": "Hilfe"},
        **{"report": "Störung melden", "what": "Was ist gestört?", "send": "Melden"},
        **{"no_person": "Bitte schreiben Sie keine Namen oder Adressen.", "reported": "Danke. Die Störung ist gemeldet."},
        **{"too_many": "Zu viele Anfragen; bitte versuchen Sie es später noch einmal."},
        **{"reported_already": "Störungen dieses Geräts sind gemeldet und werden bearbeitet."},
        **{"bad_report": "Bitte beschreiben Sie die Störung in 3 bis 120 Zeichen."},
    },
}


def language_of(request: Request) -> str:
    """The language of those there are that the visitor's browser asks for."""
    return request.accept_languages.best_match(LANGUAGES, "en") or "en"


def install(app: Flask) -> None:
    app.jinja_env.globals["reminder_kinds"] = REMINDERS
    app.jinja_env.globals["reminder_states"] = STATES
    app.jinja_env.filters["day_in"] = _day_in


def _day_in(day: date, language: str) -> str:
    return written("last_day", day.isoformat(), language)
