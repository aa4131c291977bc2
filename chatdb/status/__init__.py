"""What a cluster runs of an environment, what is held, and by what: the command `chatdb status`."""
