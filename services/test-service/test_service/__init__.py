"""The status of the platform as a page, and a smoke run: the journey of a user through the four services."""
