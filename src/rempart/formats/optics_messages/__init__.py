"""Messages of opticians' software: query, request, answer, state, cancel, invoice. Our own XML profile, version 1.

The verbs are those that the trade knows (SINTIA's optics solution, sintia.fr, read in November 2026: rights query and
answer, request for a prise en charge and its answer, state, cancel and its acknowledgement, invoice from a prise en
charge). OptoAMC's schemas are not public: elements, names and codes here are ours and claim no conformity to it. Left
out: the look-up of negotiated products, hearing, amounts in anything but cents.
"""

from rempart.formats.optics_messages.document import MOST_BYTES, Fault, Message, Refused, read, write
from rempart.formats.optics_messages.elements import MEDIA_TYPE, MESSAGES, NAMESPACE
from rempart.formats.optics_messages.schema import schema

__all__ = [
    "MEDIA_TYPE",
    "MESSAGES",
    "MOST_BYTES",
    "NAMESPACE",
    "Fault",
    "Message",
    "Refused",
    "read",
    "schema",
    "write",
]
