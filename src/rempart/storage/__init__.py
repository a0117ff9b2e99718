"""PostgreSQL: one module per thing kept, the door's last word (`door`), migrations, and the embedded server."""
