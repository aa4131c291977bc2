# rule: catalogue
# says: components.py: 'Chat DB' is not a valid name of a platform; use at most 40 lower-case letters
# says: components.py: the platform declares the tier core 2 times; keep one
# says: components.py: '2nd' is not a valid name of a tier
# says: components.py: the platform declares the namespace chatdb-system 2 times; keep one
# says: components.py: unknown optional tier 'nightly'; use one of: platform, foundation
# says: components.py: 'ChatDB.local' is not a valid host; use lower-case letters, digits, dashes and dots
CATALOGUE = replace(CATALOGUE, name="Chat DB", host="ChatDB.local", optional_tiers=frozenset({"nightly"}))
CATALOGUE = replace(CATALOGUE, waves=(*WAVES, ("core", "2nd")), namespaces=(*Namespace, Namespace.SYSTEM))
