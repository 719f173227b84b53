"""People at customers, reminders to them, and exports of them."""
