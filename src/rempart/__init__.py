"""Rempart: an open tiers-payant hub that a stolen account cannot empty."""
