"""Ways of being stuck, which `chatdb status` has to explain."""
