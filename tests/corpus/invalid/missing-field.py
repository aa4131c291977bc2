# rule: catalogue
# says: Component lacks 'type', 'namespace', and 'image'; add what is missing
CATALOGUE = added(CATALOGUE, Component(name="toy", tier=Tier.CORE))
