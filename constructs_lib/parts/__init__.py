"""Small typed building blocks on Kubernetes' own API; every hardening field and label is written once, in here."""
