"""Models, their immutable versions with their artifacts, and the aliases that name them."""
