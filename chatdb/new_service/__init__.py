"""A new service: its entry in the catalogue, and all that has to be written by hand around it, as a first version."""
