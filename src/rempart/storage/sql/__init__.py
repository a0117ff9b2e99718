"""The SQL that migrations execute, as files a database person can read."""
