"""The home page: what waits for a person, what runs, what they wait for, and how the platform stands."""
