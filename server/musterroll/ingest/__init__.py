"""Entry point: MQTT. Messages from units come in here; receipts and commands go out."""

from musterroll.ingest.ingest import Ingest

__all__ = ["Ingest"]
