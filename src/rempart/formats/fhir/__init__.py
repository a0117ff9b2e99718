"""FHIR R4 (HL7, 4.0.1, 2019) ↔ the shapes of the wire: questions, invoices, authorizations, payments, refusals.

The profile is ours and is written in docs/formats/fhir.md; it stays inside R4. Left out: search, subscriptions,
bundles, XML, attachments, and any resource that stands for a person.
"""
