"""What the API's document says of the token endpoint's own refusals."""

from __future__ import annotations

TOKEN: dict[str, tuple[int, str]] = {
    "malformed-form": (400, "Send the form as application/x-www-form-urlencoded."),
    "unknown-field": (400, "Send only the fields shown."),
    "repeated-field": (400, "Send each field once."),
    "missing-field": (400, "Send every field shown."),
    "oversized-form": (413, "The form is too long."),
    "unsupported-grant-type": (400, "Only client_credentials is offered."),
    "unsupported-assertion-type": (400, "Only a signed JWT proves a client here."),
    "binding-required": (400, "Send a DPoP proof, or connect with a client certificate."),
    "site-missing": (400, "Name the site the token is for."),
    "site-malformed": (400, "A site is 9 characters with a right key."),
    "malformed-assertion": (401, "The assertion is not a signed JWT."),
    "oversized-assertion": (401, "The assertion is too long."),
    "unknown-client": (401, "No client of this name is registered."),
    "unknown-key": (401, "The client has no such key in force."),
    "ssh-key-unknown": (401, "Of a gateway: no client of this name has this SSH key in force."),
    "client-revoked": (401, "This client was ended: call the operator."),
    "issuer-not-subject": (401, "iss and sub must both be the client."),
    "wrong-audience": (401, "aud must be the address of the token endpoint."),
    "expired-assertion": (401, "Sign a new assertion."),
    "issued-in-the-future": (401, "Set the clock of your machine."),
    "lives-too-long": (401, "An assertion lives 300 seconds at most."),
    "clock-apart": (401, "Sign a new assertion; the hub's clocks differ for a moment."),
    "replayed-assertion": (401, "Sign a new assertion for each token."),
    "other-site": (403, "The assertion was signed for another site."),
    "no-mandate": (403, "The client has no mandate in force for this site."),
    "site-suspended": (403, "This site is suspended: call the operator."),
    "client-suspended": (403, "This client is suspended: call the operator."),
}
"""Codes of the token endpoint beside those of `SIGN_IN`: status and what to do."""

AGENT_SIGN_IN = {
    "agent-required": "This program must say who sits at it: send Rempart-Agent with each request.",
    "agent-not-taken": "Rempart-Agent is for the programs of sites and vendors.",
    "malformed-agent": "Rempart-Agent is a compact JWS of type rempart-agent+jwt, for this token.",
    "stale-agent": "Sign Rempart-Agent anew for each token, and look at your clock.",
    "agent-like-a-person": "Choose a word that is no name, NIR or date, like u17.",
    "agents-too-many": "A program has 500 words at one site: one for each person, not for each visit.",
    "unknown-key": "Sign Rempart-Agent with a registered key of this client.",
}
"""Codes of a refused word of who sits at a program: docs/guide/machine-clients.md."""
