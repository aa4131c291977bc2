# rule: catalogue
# says: Component lacks 'kind', 'namespace', and 'image'; add what is missing
CATALOGUE = added(CATALOGUE, Component(name="toy", tier=Tier.CORE))
