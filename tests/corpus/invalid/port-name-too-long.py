# rule: catalogue
# says: toy: 'a-very-long-port-name' is no name of a port; use at most 15
CATALOGUE = added(CATALOGUE, toy(ports=(http("toy", 8099), Port(name="a-very-long-port-name", number=8100))))
