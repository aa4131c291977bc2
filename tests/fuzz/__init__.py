"""Random objects and files: `chatdb check` answers each with findings, and never with a traceback."""
