"""Use cases, each over a sequence: one request is a batch of one. They speak to the outside through ports only."""
