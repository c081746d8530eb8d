"""Demo data: three teams, two host applications, a dozen mini programs in every state, with six weeks of history."""
