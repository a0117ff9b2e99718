"""The keeper's frames and operations, its client side, the record layout, the envelopes of insurers; a leaf library."""
