# rule: catalogue
# another Ingress
CATALOGUE = added(CATALOGUE, toy(route=Route(path="/toy", strip="/toy")))
