"""What people type about grayscale tasks and object lists."""
