"""SQL of enrolment: claim tokens, credentials, broker logins."""
