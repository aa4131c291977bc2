# rule: names of the generator's own parts are free
CATALOGUE = added(CATALOGUE, toy(name="gateway", ports=(http("gateway", 8099),)))
CATALOGUE = replace(CATALOGUE, namespaces=(*CATALOGUE.namespaces, "chatdb-system-limits", "chatdb-system-allow-dns"))
