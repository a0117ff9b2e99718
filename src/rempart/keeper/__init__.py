"""The program that holds the keys: ring, grants, tickets, meter, journal, checkpoints; it believes no other program."""
