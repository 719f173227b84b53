"""SQL of messages from devices: births, records, receipts, quarantine."""
