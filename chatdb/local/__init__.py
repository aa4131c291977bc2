"""The platform as plain processes on loopback: its real components and services, without containers or root."""
