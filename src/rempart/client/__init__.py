"""The client's side of the hub: signed assertions and DPoP proofs, for vendors' software and our own programs."""
