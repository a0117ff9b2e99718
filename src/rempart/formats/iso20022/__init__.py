"""Bank messages of ISO 20022, bytes both ways."""
