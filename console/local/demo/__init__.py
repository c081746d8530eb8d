"""Demo data: three teams, two host applications, a dozen mini programs in every state, told as a story of six weeks."""
