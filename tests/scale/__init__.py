"""What the planner of PostgreSQL does at 100 million devices: `make scale`, docs/scale.md."""
