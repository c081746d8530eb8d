"""Backups: the database and the files that its rows name, of one moment, in a folder that says whether it is whole."""
