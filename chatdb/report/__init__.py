"""One environment as one HTML file: what is derived, what is checked, and what it would take down."""
