"""MQTT as bytes: 3.1.1, and of 5 what the ingest needs. The one codec of broker, ingest and simulator; no sockets here."""
