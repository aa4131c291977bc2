# rule: catalogue
# metrics on the second port
CATALOGUE = added(CATALOGUE, toy(ports=(http("toy", 8099), Port(name="grpc", number=8100)), metrics="grpc"))
