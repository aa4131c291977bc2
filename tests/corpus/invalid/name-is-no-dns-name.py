# rule: catalogue
# says: Toy_Service: 'Toy_Service' is no name of a Service; use at most 52
CATALOGUE = added(CATALOGUE, toy(name="Toy_Service"))
