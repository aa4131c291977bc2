# rule: catalogue
# says: toy: TOY_URL has a password in its address; write {password}
PORT = Port(name="http", number=8099, credentials=env(TOY_URL="http://toy:hunter2@{host}:{port}"))
CATALOGUE = added(CATALOGUE, toy(ports=(PORT,)))
