"""Rules of notifications: events, rules, the outbox, the calendar."""
