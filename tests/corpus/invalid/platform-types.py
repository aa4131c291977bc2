# rule: catalogue
# says: components.py: CATALOGUE: title is 4; write a text
# says: components.py: CATALOGUE: waves[0] is 'platform'; write a tuple of texts: one alone needs a comma, (x,)
# says: components.py: CATALOGUE: optional_tiers is ('testing',); write a frozenset of texts
# says: components.py: CATALOGUE: machines['minikube'].cpu is '4'; write a whole number
# says: components.py: CATALOGUE: gateway_controller is 'envoy'; write External(...), or None
# says: components.py: CATALOGUE: waivers[0] is 'probes'; write Waiver(...)
# says: components.py: CATALOGUE: host is None; write a text
CATALOGUE = replace(CATALOGUE, title=4, waves=(("platform"),), optional_tiers=("testing",), gateway_controller="envoy")
CATALOGUE = replace(CATALOGUE, machines={"minikube": replace(MACHINES["minikube"], cpu="4")}, waivers=("probes",), host=None)
