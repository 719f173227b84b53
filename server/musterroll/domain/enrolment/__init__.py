"""Rules of enrolment: claim tokens, credentials, broker logins."""
