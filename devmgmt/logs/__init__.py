"""Real-time logs: what devices send, where it is kept, and what can be asked of it (D-5, D-6)."""
