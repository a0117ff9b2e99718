"""Printable documents: what is sent or kept on paper."""
