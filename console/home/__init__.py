"""The home page: what waits for a person, what they wait for, and figures. Which lines there are decide their roles.

A line is a question and its words, joined by the name of its kind. `waiting` and `elsewhere` ask, for the roles that
`person` knows: each question becomes a part with the same columns, and `rows` gathers all parts in one query
(`findings` counts what a report holds). `kinds` has for each name the words, the page and the list of all; `lines`
puts a row into them, and what does not fit into “… more”. `figures` are the counts beside the lines.
"""
