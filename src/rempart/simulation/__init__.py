"""A country in miniature, seeded: people, insurers, sites, a day of care, attackers. Everybody in it is invented."""
