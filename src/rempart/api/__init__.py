"""HTTP of the hub. Errors become problem documents here, and only here."""
