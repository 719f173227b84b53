"""Door: MQTT. What units say comes in here, and receipts and commands go out."""

from musterroll.ingest.ingest import Ingest

__all__ = ["Ingest"]
