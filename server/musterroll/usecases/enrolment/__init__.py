"""Use cases of enrolment: claim tokens, credentials, broker logins."""
