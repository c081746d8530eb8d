"""What follows here from changes below."""
