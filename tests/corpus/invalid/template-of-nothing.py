# rule: catalogue
# says: toy: port 'http': TOY_URL is 'http://{hots}:{port}', which names {hots}; use {host}, {port}
# says: toy: port 'http': TOY_NAME is '{', 
# says: toy: port 'http': TOY_PORT is '{port:>5}', which has a format
PORT = Port(name="http", number=8099, env=env(TOY_URL="http://{hots}:{port}", TOY_NAME="{", TOY_PORT="{port:>5}"))
CATALOGUE = added(CATALOGUE, toy(ports=(PORT,)))
