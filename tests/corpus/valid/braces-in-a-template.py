# rule: catalogue
# a brace that stands for itself
PORT = Port(name="http", number=8099, env=env(TOY_FORMAT="{{{host}}}"))
CATALOGUE = added(CATALOGUE, toy(ports=(PORT,)))
