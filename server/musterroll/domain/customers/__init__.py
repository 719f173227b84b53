"""Rules of the customer base: who is a customer since when, who lapsed or came back, and how an account is doing."""
