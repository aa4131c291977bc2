# rule: catalogue
# says: toy: 70000 is no port; choose one from 1 to 65535
CATALOGUE = added(CATALOGUE, toy(ports=(http("toy", 8099), Port(name="grpc", number=70000))))
