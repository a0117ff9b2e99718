"""The professionals' portal: pages rendered on the server for one operator. No key but its own, no database."""
