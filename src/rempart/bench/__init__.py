"""What `rempart bench` and `rempart demo` run: a simulated country living in a house of real programs."""
