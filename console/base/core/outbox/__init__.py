"""Bringing rows of a table to receivers by HTTP, once for messages and for webhooks.

Rows wait in PostgreSQL (`leases`), a run brings them with a lane for each receiver (`lanes`), each try is a POST by the
egress guard (`posting`), and a receiver that fails again and again is left in peace (`circuit`).
"""
