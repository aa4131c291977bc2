"""Turns questions in plain English into parameterised SQL; it never guesses and never executes."""
