"""Schemas of the bank messages we read, as the ISO 20022 Registration Authority publishes them, unchanged.

`pain.002.001.03` (2009) and `pain.002.001.12` (2021) as carried by the package pain001 0.0.74, `camt.054.001.08`
(2019) as carried by camt053 0.0.23, both Apache-2.0 OR MIT; ISO 20022 grants anyone a royalty-free use of its
repository. Schemas of what we write come with sepaxml.
"""
