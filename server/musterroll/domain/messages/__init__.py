"""Rules of messages from devices: receipts."""
