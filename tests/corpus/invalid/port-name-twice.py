# rule: catalogue
# says: toy: the port name 'http' is there 2 times; give each port its own name
CATALOGUE = added(CATALOGUE, toy(ports=(http("toy", 8099), Port(name="http", number=8100))))
