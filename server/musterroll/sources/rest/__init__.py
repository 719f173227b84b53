"""Sources with a REST API."""
