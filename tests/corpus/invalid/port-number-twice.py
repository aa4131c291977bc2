# rule: catalogue
# says: toy: port 8099 is there 2 times; give each port its own number
CATALOGUE = added(CATALOGUE, toy(ports=(http("toy", 8099), Port(name="grpc", number=8099))))
