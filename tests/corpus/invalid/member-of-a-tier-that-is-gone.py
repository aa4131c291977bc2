# rule: catalogue
# says: chatdb.yaml:16: 'testing' is not a known tier
# says: locust-master: unknown tier 'testing'
# says: locust-worker: unknown tier 'testing'
# says: integration-tests: unknown tier 'testing'
# says: chaos: unknown tier 'testing'
# file: catalogue/tiers.py
WAVES, OPTIONAL_TIERS = WAVES[:-1], frozenset({Tier.MONITORING})
