"""Verification of sign-ins as functions of bytes and keys: client assertion, DPoP proof, client certificate."""
