"""What `rempart doctor` looks at, one subject per module; `bootstrap.doctor` has the list."""
