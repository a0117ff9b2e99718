"""The pages, one module a group. Each takes the renderer and gives its route handlers."""
