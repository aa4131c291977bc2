# rule: catalogue
# says: components.py: the platform declares no tiers; declare one at least
# says: components.py: the platform declares no namespaces; declare one at least
CATALOGUE = replace(CATALOGUE, waves=(), namespaces=(), optional_tiers=frozenset(), components=())
