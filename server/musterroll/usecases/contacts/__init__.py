"""People at customers: their consent, reminders to them, and what is handed over to other programs."""
